import { STATUS_CODES } from 'node:http'
import type { PlainAnswer } from '../../core/answer.ts'

const STATUS_LINES: readonly string[] = Array.from(
  { length: 1000 },
  (_, status) => `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`,
)

/** The status line of an answer (RFC 9112 §4). */
export const statusLine = (status: number): string => STATUS_LINES[status]!

/** Whether answers of this status have no body (RFC 9110 §6.4.1). */
export const isBodiless = (status: number): boolean =>
  status === 204 || status === 304 || status < 200

/** The fields of an answer as lines, without those that frame the message, which the connection adds. */
export interface AnswerLines {
  readonly text: string
  /** Content-Length, if the answer has it: that of a stream, or of the representation that HEAD or 304 refers to. */
  readonly length: number | undefined
  readonly hasDate: boolean
}

const FRAMING = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Renders the fields of an answer. Throws a `TypeError` if a value would break out of its line. */
export function answerLines(answer: PlainAnswer): AnswerLines {
  let isPlain = true
  let hasDate = false
  for (const name of answer.names) {
    if (name === 'date') hasDate = true
    else if (framesMessage(name)) isPlain = false
  }
  for (const name in answer.extra) {
    if (name === 'date') hasDate = true
    else if (framesMessage(name)) isPlain = false
  }
  const text = answer.lines + answer.extraLines
  if (isPlain) return { text, length: undefined, hasDate }
  return { text: withoutFraming(text), length: lengthOf(answer), hasDate }
}

/** Compares lengths first, which is quicker and rules out most names. */
const mayFrame = ({ length }: string): boolean =>
  length === 14 || length === 10 || length === 16 || length === 17 || length === 7

/** Whether a field determines how the message is framed, or whether its connection persists. */
export const framesMessage = (name: string): boolean => mayFrame(name) && FRAMING.has(name)

const withoutFraming = (lines: string): string =>
  lines
    .split('\r\n')
    .filter((line) => !FRAMING.has(line.slice(0, line.indexOf(':')).toLowerCase()))
    .join('\r\n')

function lengthOf(answer: PlainAnswer): number | undefined {
  const text = answer.get('content-length')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
