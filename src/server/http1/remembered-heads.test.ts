import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import { RememberedHeads } from './remembered-heads.ts'
import { written } from './written.fixture.ts'

const DATE = 'date: Sat, 21 Nov 2026 10:00:00 GMT\r\n'
const LATER = 'date: Sat, 21 Nov 2026 10:00:01 GMT\r\n'

const answer = (body: string | Uint8Array | null, type = 'a/b', status = 200): PlainAnswer =>
  new PlainAnswer(status, [['content-type', type]], body)

/** Once a head has come twice, it is known. */
const knowing = (...known: readonly PlainAnswer[]): RememberedHeads => {
  const heads = new RememberedHeads()
  for (const each of known) {
    expect(written(heads, each, DATE)).toBeUndefined()
    written(heads, each, DATE)
  }
  return heads
}

describe('a head that has come before', () => {
  const HEAD = `HTTP/1.1 200 OK\r\ncontent-type: a/b\r\n${DATE}`

  test('is written with another body, of text or bytes or none', () => {
    const heads = knowing(answer('first'))
    expect(written(heads, answer('größer'), DATE)).toBe(`${HEAD}content-length: 8\r\n\r\ngrößer`)
    expect(written(heads, answer(Buffer.from('ab')), DATE)).toBe(
      `${HEAD}content-length: 2\r\n\r\nab`,
    )
    expect(written(heads, answer(null), DATE)).toBe(`${HEAD}content-length: 0\r\n\r\n`)
  })

  test('takes further fields, but for those that would frame the message', () => {
    const heads = knowing(answer('x'))
    expect(written(heads, answer('x').with({ ratelimit: '"a";r=1' }), DATE)).toBe(
      `${HEAD}ratelimit: "a";r=1\r\ncontent-length: 1\r\n\r\nx`,
    )
    for (const name of ['date', 'content-length', 'connection', 'transfer-encoding']) {
      expect(written(heads, answer('x').with({ [name]: '1' }), DATE)).toBeUndefined()
    }
  })

  test('is another one with another status, field or second', () => {
    const heads = knowing(answer('x'))
    expect(written(heads, answer('x', 'a/b', 201), DATE)).toBeUndefined()
    expect(written(heads, answer('x', 'a/c'), DATE)).toBeUndefined()
    expect(written(heads, answer('x'), LATER)).toBeUndefined()
    expect(written(heads, answer('x'), LATER)).toContain(LATER)
  })

  test('keeps a Date of its own', () => {
    const dated = new PlainAnswer(200, [['date', 'then']], 'x')
    const text = written(knowing(dated), dated, DATE)
    expect(text).toBe('HTTP/1.1 200 OK\r\ndate: then\r\ncontent-length: 1\r\n\r\nx')
  })

  test('is not remembered when it frames its message, nor when nothing or a stream follows', () => {
    const framing = new PlainAnswer(200, [['content-length', '99']], 'x')
    const stream = new PlainAnswer(200, [], new ReadableStream())
    for (const each of [framing, stream, answer(null, 'a/b', 204), answer(null, 'a/b', 304)]) {
      const heads = new RememberedHeads()
      for (let time = 0; time < 3; time++) expect(written(heads, each, DATE)).toBeUndefined()
    }
  })

  test('writes nothing of an answer with a field that cannot be sent', () => {
    const heads = knowing(answer('x'))
    const split = answer('x').with({ 'x-a': 'a\r\nset-cookie: b' })
    expect(() => written(heads, split, DATE)).toThrow(TypeError)
    expect(written(heads, answer('x'), DATE)).toBe(`${HEAD}content-length: 1\r\n\r\nx`)
  })

  test('is forgotten for others, of which few are kept', () => {
    const many = Array.from({ length: 8 }, (_, at) => answer('x', `a/${at}`))
    const heads = knowing(...many)
    for (const each of many) expect(written(heads, each, DATE)).toBeDefined()
    expect(written(heads, answer('x', 'a/9'), DATE)).toBeUndefined()
    expect(written(heads, many[0]!, DATE)).toBeUndefined()
    expect(written(heads, many[7]!, DATE)).toBeDefined()
  })
})
