import { describe, expect, test } from 'bun:test'
import { array, assert, boolean, integer, property, uint8Array } from 'fast-check'
import type { Framing } from './body-decoder.ts'
import { createBodyDecoder } from './body-decoder.ts'

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

  test.each([
    ['a blank behind a size', '1 \r\na\r\n0\r\n\r\n'],
    ['a control character in an extension', '1;\0\r\na\r\n0\r\n\r\n'],
    ['an extension without a name', '1;\r\na\r\n0\r\n\r\n'],
    ['an extension whose value is missing', '1;x=\r\na\r\n0\r\n\r\n'],
    ['a quote that nothing closes in an extension', '1;x="\r\na\r\n0\r\n\r\n'],
    ['a quote behind a quoted value', '1;x="y""\r\na\r\n0\r\n\r\n'],
    ['a trailer without a colon', '1\r\na\r\n0\r\nX\r\n\r\n'],
    ['a folded trailer', '1\r\na\r\n0\r\nX: y\r\n z\r\n\r\n'],
  ])('with %s is borne from a server, and not from a client', (_name, wire) => {
    expect(decode(chunked, bytesOf(wire), [])).toMatchObject({ text: 'a', done: true })
    expect(createBodyDecoder(chunked, 'strict')(bytesOf(wire))).toHaveProperty('error')
  })

  test.each([';x', ';x;y', ' ; x = y', ';x=y;z="a;b\\"c"', ';chunk-signature=0a1b', ';x="\u{e9}"'])(
    'may have extensions by the grammar, from a client as well: %p',
    (extensions) => {
      const wire = bytesOf(`1${extensions}\r\na\r\n0\r\n\r\n`)
      const { parts, done, error } = createBodyDecoder(chunked, 'strict')(wire)
      expect([Buffer.concat(parts).toString(), done, error]).toEqual(['a', true, undefined])
    },
  )

  test('with the longest line of extensions that are none is refused without ado', () => {
    for (const part of [';a', ' ;', ';a=', ' \t', '"', ';a="\\', 'a']) {
      const wire = bytesOf(`1;a${part.repeat(1000).slice(0, 1018)}\0\r\n`)
      const startMs = performance.now()
      expect(createBodyDecoder(chunked, 'strict')(wire)).toHaveProperty('error')
      expect(performance.now() - startMs).toBeLessThan(1000)
    }
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
