import { describe, expect, test } from 'bun:test'
import type { Framing } from '../../core/http1/body-decoder.ts'
import { parseHead, valueAt } from './parse-head.ts'

const parse = (lines: readonly string[], method = 'GET'): ReturnType<typeof parseHead> =>
  parseHead(lines.map((line) => `${line}\r\n`).join(''), method)
const framing = (lines: readonly string[], method = 'GET'): Framing | string => {
  const head = parse(['HTTP/1.1 200 OK', ...lines], method)
  return typeof head === 'string' ? head : head.framing
}

describe('a response head', () => {
  test('is its status and its fields, names in lowercase, values trimmed, none merged', () => {
    const head = parse([
      'HTTP/1.1 404 Not Found',
      'X-A:  one\t',
      'Set-Cookie: a',
      'set-cookie: b',
      'E:',
    ])
    if (typeof head === 'string') throw new Error(head)
    expect(head).toMatchObject({
      status: 404,
      framing: { kind: 'close' },
      reusable: false,
      keepAliveSeconds: undefined,
    })
    expect(head.names.map((name, at) => [name, valueAt(head, at)])).toEqual([
      ['x-a', 'one'],
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
      ['e', ''],
    ])
    expect(parse(['HTTP/1.1 200'])).toMatchObject({ status: 200, names: [] })
  })

  test.each([
    ['another version', ['HTTP/2 200 OK']],
    ['no version', ['ICY 200 OK']],
    ['a status below 100', ['HTTP/1.1 099 Low']],
    ['a status in another notation', ['HTTP/1.1 1e2 OK']],
    ['a status of four digits', ['HTTP/1.1 2000 OK']],
    ['no colon', ['HTTP/1.1 200 OK', 'X-A']],
    ['an empty name', ['HTTP/1.1 200 OK', ': a']],
    ['a space before the colon', ['HTTP/1.1 200 OK', 'X-A : b']],
    ['a folded line', ['HTTP/1.1 200 OK', 'X-A: b', ' c: d']],
    ['a bare line feed', ['HTTP/1.1 200 OK', 'X-A: b\nX-B: c']],
    ['a bare carriage return', ['HTTP/1.1 200 OK', 'X-A: b\rX-B: c']],
    ['a NUL', ['HTTP/1.1 200 OK', 'X-A: b\0']],
    ['two lengths', ['HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 2']],
    ['a list of lengths', ['HTTP/1.1 200 OK', 'Content-Length: 1, 1']],
    ['a negative length', ['HTTP/1.1 200 OK', 'Content-Length: -1']],
    ['a signed length', ['HTTP/1.1 200 OK', 'Content-Length: +1']],
    ['a hexadecimal length', ['HTTP/1.1 200 OK', 'Content-Length: 0x1']],
    ['a coding beneath chunked', ['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked']],
    ['another coding', ['HTTP/1.1 200 OK', 'Transfer-Encoding: X-GZip']],
    ['chunked beneath another', ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked, identity']],
    ['chunked with a parameter', ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked;a=b']],
    ['chunked in quotes', ['HTTP/1.1 200 OK', 'Transfer-Encoding: "chunked"']],
    ['an empty coding', ['HTTP/1.1 200 OK', 'Transfer-Encoding:']],
    [
      'chunked twice',
      ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ],
    ['chunked in HTTP/1.0', ['HTTP/1.0 200 OK', 'Transfer-Encoding: chunked']],
    ['too many fields', ['HTTP/1.1 200 OK', ...Array.from({ length: 201 }, () => 'A: b')]],
  ])('with %s is refused', (_name, lines) => {
    expect(parse(lines)).toBeString()
  })

  test('says where its body ends', () => {
    expect(framing(['Content-Length: 5'])).toEqual({ kind: 'length', bytes: 5 })
    expect(framing(['Content-Length: 5', 'Content-Length: 5'])).toEqual({
      kind: 'length',
      bytes: 5,
    })
    expect(framing(['Transfer-Encoding: Chunked'])).toEqual({ kind: 'chunked' })
    for (const name of ['identity', 'xchunked', 'a, b']) {
      const lines = [`Transfer-Encoding: ${name}`, 'Content-Length: 5']
      expect(framing(lines)).toEqual({ kind: 'close' })
      expect(parse(['HTTP/1.1 200 OK', ...lines])).toMatchObject({ reusable: false })
    }
    expect(framing(['Content-Length: 5'], 'HEAD')).toEqual({ kind: 'none' })
    expect(framing([])).toEqual({ kind: 'close' })
    expect(parse(['HTTP/1.1 304 X', 'Content-Length: 5'])).toMatchObject({
      framing: { kind: 'none' },
    })
  })

  test('says whether the connection can be kept', () => {
    const reusable = (lines: readonly string[]): unknown => {
      const head = parse(lines)
      return typeof head === 'string' ? head : head.reusable
    }
    const length = 'Content-Length: 0'
    expect(reusable(['HTTP/1.1 200 OK', length])).toBe(true)
    expect(reusable(['HTTP/1.1 200 OK', length, 'Connection: x, Close'])).toBe(false)
    expect(reusable(['HTTP/1.0 200 OK', length])).toBe(false)
    expect(reusable(['HTTP/1.1 200 OK'])).toBe(false)
    expect(reusable(['HTTP/1.1 200 OK', length, 'Transfer-Encoding: chunked'])).toBe(false)
    expect(parse(['HTTP/1.1 200 OK', 'Keep-Alive: timeout=7, max=9'])).toMatchObject({
      keepAliveSeconds: 7,
    })
  })
})
