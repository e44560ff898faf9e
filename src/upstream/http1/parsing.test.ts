import { describe, expect, test } from 'bun:test'
import { array, assert, boolean, integer, property, uint8Array } from 'fast-check'
import { createBodyDecoder } from './body-decoder.ts'
import type { Framing } from './parse-head.ts'
import { parseHead } from './parse-head.ts'

const parse = (lines: readonly string[], method = 'GET'): ReturnType<typeof parseHead> =>
  parseHead(lines.join('\r\n'), method)
const framing = (lines: readonly string[], method = 'GET'): Framing | string => {
  const head = parse(['HTTP/1.1 200 OK', ...lines], method)
  return typeof head === 'string' ? head : head.framing
}

describe('a response head', () => {
  test('is its status and its fields, names in lowercase, values trimmed, none merged', () => {
    expect(
      parse(['HTTP/1.1 404 Not Found', 'X-A:  one\t', 'Set-Cookie: a', 'set-cookie: b', 'E:']),
    ).toEqual({
      status: 404,
      fields: [
        ['x-a', 'one'],
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
        ['e', ''],
      ],
      framing: { kind: 'close' },
      reusable: false,
      keepAliveSeconds: undefined,
    })
    expect(parse(['HTTP/1.1 200'])).toMatchObject({ status: 200, fields: [] })
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
    ['an unknown coding', ['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked']],
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

/** Feeds bytes in pieces of the given sizes and joins what comes out. */
function decode(
  kind: Framing,
  bytes: Uint8Array,
  pieces: readonly number[],
): { text: string; done: boolean; excess: number; error?: string } {
  const decoder = createBodyDecoder(kind)
  const parts: Uint8Array[] = []
  let at = 0
  let excess = 0
  let done = false
  for (const piece of [...pieces, bytes.length]) {
    if (at >= bytes.length) break
    const chunk = bytes.subarray(at, at + piece)
    at += chunk.length
    if (done) {
      excess += chunk.length
      continue
    }
    const decoded = decoder(chunk)
    parts.push(...decoded.parts)
    excess += decoded.excess
    done = decoded.done
    if (decoded.error !== undefined) return { text: '', done, excess, error: decoded.error }
  }
  return { text: Buffer.concat(parts).toString('latin1'), done, excess }
}

describe('a chunked body', () => {
  const chunked: Framing = { kind: 'chunked' }
  const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')

  test('comes out the same however it is cut on the way', () => {
    const pieces = array(integer({ min: 1, max: 9 }), { maxLength: 60 })
    const chunks = array(uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 })
    assert(
      property(chunks, pieces, boolean(), (parts, cuts, withTrailer) => {
        const wire = Buffer.concat([
          ...parts.flatMap((part) => [
            bytesOf(`${part.length.toString(16)};x=y\r\n`),
            part,
            bytesOf('\r\n'),
          ]),
          bytesOf(`0\r\n${withTrailer ? 'X-Sum: 1\r\n' : ''}\r\n`),
        ])
        const text = Buffer.concat(parts).toString('latin1')
        expect(decode(chunked, wire, cuts)).toEqual({ text, done: true, excess: 0 })
      }),
    )
  })

  test('tells what comes after its end', () => {
    const wire = bytesOf('1\r\na\r\n0\r\n\r\nHTTP/1.1 200 OK')
    expect(decode(chunked, wire, [wire.length])).toMatchObject({
      text: 'a',
      done: true,
      excess: 15,
    })
  })

  test.each([
    ['a bare line feed', '1\na\r\n0\r\n\r\n'],
    ['no size', '\r\na\r\n'],
    ['a negative size', '-1\r\na\r\n'],
    ['a size with a prefix', '0x1\r\na\r\n'],
    ['a size too long', '1111111111111\r\na\r\n'],
    ['a chunk longer than its size', '1\r\nab\r\n0\r\n\r\n'],
    ['an endless extension', `1;${'x'.repeat(2000)}\r\na\r\n`],
    ['endless trailers', `0\r\n${'X: y\r\n'.repeat(5000)}\r\n`],
  ])('with %s is refused', (_name, wire) => {
    expect(decode(chunked, bytesOf(wire), [])).toHaveProperty('error')
  })

  test('that is cut off is never done', () => {
    const wire = bytesOf('3\r\nabc\r\n0\r\n\r\n')
    for (let length = 0; length < wire.length; length++) {
      expect(decode(chunked, wire.subarray(0, length), [2, 1, 3]).done).toBe(false)
    }
  })
})

test('a body of known length ends there, whatever follows', () => {
  const wire = Buffer.from('abcdef')
  expect(decode({ kind: 'length', bytes: 4 }, wire, [3])).toEqual({
    text: 'abcd',
    done: true,
    excess: 2,
  })
  expect(decode({ kind: 'length', bytes: 9 }, wire, [3])).toMatchObject({
    text: 'abcdef',
    done: false,
  })
})
