import { BodyError } from '../core/http1/body-error.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { RequestCheck } from '../shield/index.ts'
import type { Exchange } from './exchange.ts'
import { tooLarge } from './outgoing-body.ts'
import { NEEDS_BODY } from './stage.ts'

/**
 * Parses and checks the body, once, and puts it into the exchange. Returns {@link NEEDS_BODY} while it has not
 * been read, a refusal when something is wrong with it, and `undefined` when it is good.
 */
export type BodyReader = (exchange: Exchange) => undefined | Refusal | typeof NEEDS_BODY

/** What the decoder puts in place of bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD'

/**
 * Creates a {@link BodyReader}. The content type is checked before anything is read. Text is decoded
 * by the runtime; a replacement character in it means that the bytes were not UTF-8 (or that they
 * spelled out U+FFFD, which no JSON text needs unescaped), and is refused.
 */
export function createBodyReader(check: RequestCheck): BodyReader {
  return (exchange) => {
    if (exchange.bodyChecked) return undefined
    const text = exchange.bodyText
    const contentType = (exchange.contentType ??= exchange.request.headers.get('content-type'))
    if (text === undefined) {
      const coding = exchange.request.headers.get('content-encoding')
      if (coding !== null && coding.toLowerCase() !== 'identity') return CODED
      return check.contentType(contentType) ?? NEEDS_BODY
    }
    if (isLongerThan(text, check.bodyBytesMax)) return tooLarge(check.bodyBytesMax)
    if (text.includes(REPLACEMENT)) return refuse('json_invalid', { detail: 'Not valid UTF-8.' })
    const outcome = check.body(text, contentType)
    if (!outcome.ok) return outcome.refusal
    exchange.bodyChecked = true
    exchange.body = outcome.value
    return undefined
  }
}

/** An upstream that decodes such a body would read another one than was checked (RFC 9110 §15.5.16). */
const CODED = refuse('content_type_unsupported', {
  detail: 'A body with a Content-Encoding cannot be checked.',
  headers: { 'accept-encoding': 'identity' },
})

/** UTF-8 takes one to three bytes for each UTF-16 unit, so most texts need not be measured. */
const isLongerThan = (text: string, bytesMax: number): boolean =>
  text.length > bytesMax || (text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax)

/** Reads the body as text into the exchange. */
export async function readBodyText(exchange: Exchange): Promise<Refusal | undefined> {
  try {
    exchange.bodyText = await exchange.request.text()
    return undefined
  } catch (error) {
    return unreadable(error)
  }
}

/** The refusal when the body broke off or never came. */
export const unreadable = (error: unknown): Refusal =>
  error instanceof BodyError
    ? bodyRefusal(error)
    : refuse('bad_request', { detail: 'The body could not be read.', internal: String(error) })

/** What the client is told about its body. */
export const bodyRefusal = ({ code, message }: BodyError): Refusal =>
  refuse(code, {
    detail: message,
    ...(code === 'unavailable' && { headers: { 'retry-after': '1' } }),
  })
