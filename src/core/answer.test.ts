import { describe, expect, test } from 'bun:test'
import { PlainAnswer, toResponse } from './answer.ts'

describe('a plain answer', () => {
  const answer = new PlainAnswer(
    200,
    [
      ['content-type', 'text/plain'],
      ['vary', 'a'],
      ['vary', 'b'],
    ],
    'x',
  )

  test('is the same as a web response: status, fields in order, body', async () => {
    const response = toResponse(answer)
    expect(response.status).toBe(200)
    expect([...response.headers]).toEqual([
      ['content-type', 'text/plain'],
      ['vary', 'a, b'],
    ])
    expect(await response.text()).toBe('x')
  })

  test('takes further fields without changing the one it was made from', () => {
    const more = answer.with({ ratelimit: '"a";r=1' }).with({ vary: 'c' })
    expect(more.lines + more.extraLines).toBe(
      'content-type: text/plain\r\nratelimit: "a";r=1\r\nvary: c\r\n',
    )
    expect(more.get('vary')).toBe('c')
    expect(answer.get('vary')).toBe('a, b')
    expect(answer.get('ratelimit')).toBeNull()
  })

  test('made of ready lines is the same as one made of fields', () => {
    const names = ['content-type', 'vary', 'vary', 'constructor']
    const lines = 'Content-Type:text/plain\r\nVary:  a\r\nvary: b \r\nconstructor: c\r\n'
    const ready = new PlainAnswer(200, { names, lines }, 'x')
    expect(ready.fields).toEqual([...answer.fields, ['constructor', 'c']])
    expect(ready.lines).toBe(lines)
    expect(ready.get('vary')).toBe('a, b')
    expect(ready.has('etag')).toBe(false)
    expect(ready.with({ etag: '"1"' }).lines).toBe(lines)
    expect(ready.with({ vary: '*' }).lines).toBe('content-type: text/plain\r\nconstructor: c\r\n')
  })

  test('takes lines that stand ready for its further fields, until there are more', () => {
    const ready = answer.with({ ratelimit: '"a";r=1' }, 'RateLimit: "a";r=1\r\n')
    expect(ready.extraLines).toBe('RateLimit: "a";r=1\r\n')
    expect(ready.get('ratelimit')).toBe('"a";r=1')
    expect(ready.with({ etag: '"1"' }).extraLines).toBe('ratelimit: "a";r=1\r\netag: "1"\r\n')
    const replaced = answer.with({ vary: 'c' }, 'vary: c\r\n')
    expect(replaced.lines + replaced.extraLines).toBe('content-type: text/plain\r\nvary: c\r\n')
  })

  test('with a status that the web does not know becomes 502 there', () => {
    expect(toResponse(new PlainAnswer(700, [], null)).status).toBe(502)
  })

  test('refuses values that would become lines of their own', () => {
    expect(() => new PlainAnswer(200, [['a', 'b\r\nset-cookie: c']], null).lines).toThrow(TypeError)
    expect(() => answer.with({ a: 'b\nc' }).extraLines).toThrow(TypeError)
  })
})
