import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import { framesMessage } from './answer-head.ts'
import type { Outbox } from './outbox.ts'
import { answerHead, wholeMessage } from './write-answer.ts'

const ANSWERS_MAX = 64

/** A complete answer: in one piece, and in two between which more fields may be inserted. */
interface Message {
  readonly whole: Uint8Array
  readonly fields: Uint8Array
  readonly rest: Uint8Array
}

/**
 * Answers that are given again and again, such as those from the configuration: complete messages, made once per
 * second, because of their Date.
 */
export class RepeatedAnswers {
  private dateLine = ''
  private readonly messages = new Map<PlainAnswer, Message>()

  /**
   * Writes an answer to an HTTP/1.1 request other than HEAD whose connection is kept; `false` if it has to be written
   * in the ordinary way.
   */
  write(answer: Answer, dateLine: string, outbox: Outbox): boolean {
    if (!(answer instanceof PlainAnswer) || answer.repeated === undefined) return false
    const message = this.find(answer.repeated, dateLine)
    if (message === undefined) return false
    if (answer.extra === undefined) {
      outbox.bytes(message.whole)
      return true
    }
    for (const name in answer.extra) if (name === 'date' || framesMessage(name)) return false
    const { extraLines } = answer
    outbox.bytes(message.fields)
    outbox.latin1(extraLines)
    outbox.bytes(message.rest)
    return true
  }

  private find(answer: PlainAnswer, dateLine: string): Message | undefined {
    const { messages } = this
    if (dateLine !== this.dateLine) {
      this.dateLine = dateLine
      messages.clear()
    }
    const known = messages.get(answer)
    if (known !== undefined || messages.size >= ANSWERS_MAX) return known
    const parts = wholeMessage(answerHead(answer, true, true, dateLine), answer)
    if (parts === undefined) return undefined
    const whole = Buffer.concat([parts.fields, parts.rest])
    const fields = whole.subarray(0, parts.fields.length)
    const message = { whole, fields, rest: whole.subarray(fields.length) }
    messages.set(answer, message)
    return message
  }
}
