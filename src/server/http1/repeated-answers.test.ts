import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import { RepeatedAnswers } from './repeated-answers.ts'

const DATE = 'date: Sat, 21 Nov 2026 10:00:00 GMT\r\n'
const LATER = 'date: Sat, 21 Nov 2026 10:00:01 GMT\r\n'

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString()

describe('answers that are given again and again', () => {
  const answer = PlainAnswer.repeated(200, [['content-type', 'text/plain']], 'größer')

  test('are whole messages, made once for each second', () => {
    const answers = new RepeatedAnswers()
    const first = answers.find(answer, DATE)
    expect(textOf(first)).toBe(
      `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n${DATE}content-length: 8\r\n\r\ngrößer`,
    )
    expect(answers.find(answer, DATE)).toBe(first!)
    expect(textOf(answers.find(answer, LATER))).toContain(LATER)
  })

  test('are only those that are said to be, as they are', () => {
    const answers = new RepeatedAnswers()
    expect(answers.find(answer.with({ ratelimit: '"a";r=1' }), DATE)).toBeUndefined()
    expect(answers.find(new PlainAnswer(200, [], 'x'), DATE)).toBeUndefined()
    expect(answers.find(new Response('x'), DATE)).toBeUndefined()
    expect(answers.find(PlainAnswer.repeated(204, [], null), DATE)).toBeUndefined()
  })

  test('take a bounded number of places', () => {
    const answers = new RepeatedAnswers()
    const many = Array.from({ length: 100 }, (_, at) => PlainAnswer.repeated(200, [], `${at}`))
    const found = many.map((one) => answers.find(one, DATE)).filter((one) => one !== undefined)
    expect(found).toHaveLength(64)
    expect(textOf(answers.find(many[0]!, DATE))).toEndWith('\r\n\r\n0')
  })
})
