import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { RequestCheck } from '../shield/index.ts'
import type { Exchange } from './exchange.ts'

/** Reads, parses and checks the body into the exchange; what is wrong with it comes back. */
export type BodyReader = (exchange: Exchange) => Promise<Refusal | undefined>

/** What decoding puts in place of bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD'

/**
 * Creates a {@link BodyReader}. The content type is checked before anything is read. Text is decoded
 * by the runtime; a replacement character in it means that the bytes were not UTF-8 (or that they
 * spelled out U+FFFD, which no JSON text needs unescaped), and is refused.
 */
export function createBodyReader(check: RequestCheck): BodyReader {
  const settle = (exchange: Exchange, text: string, contentType: string | null) => {
    if (text.length > check.bodyBytesMax) {
      return refuse('body_too_large', { extra: { bytesMax: check.bodyBytesMax } })
    }
    if (text.includes(REPLACEMENT)) return refuse('json_invalid', { detail: 'Not valid UTF-8.' })
    const outcome = check.body(text, contentType)
    if (!outcome.ok) return outcome.refusal
    exchange.bodyText = text
    exchange.body = outcome.value
    return undefined
  }
  return (exchange) => {
    const { request } = exchange
    const contentType = request.headers.get('content-type')
    const refusal = check.contentType(contentType)
    if (refusal !== undefined) return Promise.resolve(refusal)
    return request.text().then(
      (text) => settle(exchange, text, contentType),
      (error: unknown) =>
        refuse('bad_request', { detail: 'The body could not be read.', internal: String(error) }),
    )
  }
}
