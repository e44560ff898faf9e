import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import { answerHead, wholeMessage } from './write-answer.ts'

const ANSWERS_MAX = 64

/**
 * Answers that are given again and again, such as those that stand in the configuration: complete messages,
 * made once for each second that their Date names.
 */
export class RepeatedAnswers {
  private dateLine = ''
  private readonly messages = new Map<PlainAnswer, Uint8Array>()

  /**
   * The bytes of an answer to an HTTP/1.1 request, not to HEAD, whose connection is kept; `undefined` when it
   * has to be written like any other.
   */
  find(answer: Answer, dateLine: string): Uint8Array | undefined {
    if (!(answer instanceof PlainAnswer) || !answer.isRepeated) return undefined
    const { messages } = this
    if (dateLine !== this.dateLine) {
      this.dateLine = dateLine
      messages.clear()
    }
    const known = messages.get(answer)
    if (known !== undefined || messages.size >= ANSWERS_MAX) return known
    const message = wholeMessage(answerHead(answer, true, true, dateLine), answer)
    if (message !== undefined) messages.set(answer, message)
    return message
  }
}
