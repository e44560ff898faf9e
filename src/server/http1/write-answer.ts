import type { PlainAnswer } from '../../core/answer.ts'
import { answerLines, isBodiless, statusLine } from './answer-head.ts'
import type { Outbox } from './outbox.ts'
import type { RequestHead } from './request-head.ts'

/** The head of an answer, without the framing fields. */
export interface AnswerHead {
  readonly text: string
  /** Content-Length, if the answer has it. */
  readonly length: number | undefined
}

const CLOSE = 'connection: close\r\n'
const KEEP_ALIVE = 'connection: keep-alive\r\n'

/**
 * Renders the head of an answer. Throws a `TypeError` if a field cannot be sent.
 *
 * @param keeps whether the connection will be kept.
 */
export function answerHead(
  answer: PlainAnswer,
  isCurrent: boolean,
  keeps: boolean,
  dateLine: string,
): AnswerHead {
  const { text, length, hasDate } = answerLines(answer)
  const date = hasDate ? '' : dateLine
  const connection = keeps ? (isCurrent ? '' : KEEP_ALIVE) : CLOSE
  return { text: statusLine(answer.status) + text + date + connection, length }
}

/** Whether an answer of this status to this request has no body (RFC 9112 §6.3). */
export const isSilent = ({ method }: RequestHead, status: number): boolean =>
  method === 'HEAD' || isBodiless(status)

/** Puts an answer without its body into the outbox, with the length that the body would have (RFC 9110 §8.6). */
export function writeSilent(
  outbox: Outbox,
  { text, length }: AnswerHead,
  { status, body }: PlainAnswer,
): void {
  outbox.latin1(`${text}${silentFraming(status, body, length)}\r\n`)
}

function silentFraming(
  status: number,
  body: PlainAnswer['body'],
  given: number | undefined,
): string {
  if (status === 204 || status < 200) return ''
  if (given !== undefined) return `content-length: ${given}\r\n`
  if (status === 304 || body === null || body instanceof ReadableStream) return ''
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  return `content-length: ${bytes}\r\n`
}

/** An answer with a body of text: its fields, and what follows them. */
export function wholeMessage(
  { text }: AnswerHead,
  { status, body }: PlainAnswer,
): { readonly fields: Uint8Array; readonly rest: Uint8Array } | undefined {
  if (typeof body !== 'string' || isBodiless(status)) return undefined
  const framing = `content-length: ${Buffer.byteLength(body)}\r\n\r\n`
  return { fields: Buffer.from(text, 'latin1'), rest: Buffer.from(framing + body) }
}

/** Puts an answer with a complete body into the outbox. */
export function writeWhole(
  outbox: Outbox,
  { text }: AnswerHead,
  body: string | Uint8Array | null,
): void {
  if (typeof body === 'string') {
    const bytes = Buffer.byteLength(body)
    const head = `${text}content-length: ${bytes}\r\n\r\n`
    // As many bytes as characters: the text is ASCII, and thus valid Latin-1, too.
    if (bytes === body.length) return outbox.latin1(head + body)
    outbox.latin1(head)
    outbox.utf8(body, bytes)
  } else {
    outbox.latin1(`${text}content-length: ${body?.length ?? 0}\r\n\r\n`)
    if (body !== null) outbox.bytes(body)
  }
}
