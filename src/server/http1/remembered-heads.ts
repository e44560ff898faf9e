import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import { answerLines, framesMessage, isBodiless, statusLine } from './answer-head.ts'
import type { Outbox } from './outbox.ts'
import { writeWhole } from './write-answer.ts'

const HEADS_MAX = 8

interface Head {
  status: number
  lines: string
  dateLine: string
  /** Made when the head appears a second time; also `undefined` if the head itself frames its message. */
  bytes: Uint8Array | undefined
  isKnown: boolean
}

/**
 * The most recent heads of answers, as bytes: an upstream often sends the same head with different bodies. A head that
 * appears only once costs no more than a comparison.
 */
export class RememberedHeads {
  private readonly heads: Head[] = []
  /** The next to be forgotten. */
  private oldest = 0

  /**
   * Writes an answer to an HTTP/1.1 request other than HEAD whose connection is kept; `false` if it has to be written
   * in the ordinary way. Throws a `TypeError`, and writes nothing, if a field cannot be sent.
   */
  write(answer: Answer, dateLine: string, outbox: Outbox): boolean {
    if (!(answer instanceof PlainAnswer)) return false
    const { body, status, extra } = answer
    if (body instanceof ReadableStream || isBodiless(status)) return false
    if (extra !== undefined) {
      for (const name in extra) if (name === 'date' || framesMessage(name)) return false
    }
    const bytes = this.find(answer, dateLine)
    if (bytes === undefined) return false
    const text = answer.extraLines
    outbox.bytes(bytes)
    writeWhole(outbox, { text, length: undefined }, body)
    return true
  }

  private find(answer: PlainAnswer, dateLine: string): Uint8Array | undefined {
    const { status, lines } = answer
    for (const head of this.heads) {
      if (head.lines !== lines || head.status !== status || head.dateLine !== dateLine) continue
      if (!head.isKnown) {
        head.isKnown = true
        head.bytes = render(answer, dateLine)
      }
      return head.bytes
    }
    this.heads[this.oldest] = { status, lines, dateLine, bytes: undefined, isKnown: false }
    this.oldest = (this.oldest + 1) % HEADS_MAX
    return undefined
  }
}

function render(answer: PlainAnswer, dateLine: string): Uint8Array | undefined {
  const { length, hasDate, text } = answerLines(new PlainAnswer(answer.status, answer, null))
  if (length !== undefined || text !== answer.lines) return undefined
  return Buffer.from(statusLine(answer.status) + text + (hasDate ? '' : dateLine), 'latin1')
}
