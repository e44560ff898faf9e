import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import { RepeatedAnswers } from './repeated-answers.ts'
import { written } from './written.fixture.ts'

const DATE = 'date: Sat, 21 Nov 2026 10:00:00 GMT\r\n'
const LATER = 'date: Sat, 21 Nov 2026 10:00:01 GMT\r\n'

describe('answers that are given again and again', () => {
  const answer = PlainAnswer.repeated(200, [['content-type', 'text/plain']], 'größer')
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n'

  test('are whole messages, with the Date of their second', () => {
    const answers = new RepeatedAnswers()
    for (const date of [DATE, DATE, LATER]) {
      const message = `${head}${date}content-length: 8\r\n\r\ngrößer`
      expect(written(answers, answer, date)).toBe(message)
    }
  })

  test('take further fields, but for those that would replace one or frame the message', () => {
    const answers = new RepeatedAnswers()
    const more = answer.with({ ratelimit: '"a";r=1' })
    expect(written(answers, more, DATE)).toBe(
      `${head}${DATE}ratelimit: "a";r=1\r\ncontent-length: 8\r\n\r\ngrößer`,
    )
    for (const name of ['content-type', 'date', 'content-length', 'connection']) {
      expect(written(answers, answer.with({ [name]: '1' }), DATE)).toBeUndefined()
    }
  })

  test('are only those that are said to be', () => {
    const answers = new RepeatedAnswers()
    expect(written(answers, new PlainAnswer(200, [], 'x'), DATE)).toBeUndefined()
    expect(written(answers, new Response('x'), DATE)).toBeUndefined()
    expect(written(answers, PlainAnswer.repeated(204, [], null), DATE)).toBeUndefined()
  })

  test('take a bounded number of places', () => {
    const answers = new RepeatedAnswers()
    const many = Array.from({ length: 100 }, (_, at) => PlainAnswer.repeated(200, [], `${at}`))
    const found = many.map((one) => written(answers, one, DATE)).filter((one) => one !== undefined)
    expect(found).toHaveLength(64)
    expect(written(answers, many[0]!, DATE)).toEndWith('\r\n\r\n0')
  })
})
