import { describe, expect, test } from 'bun:test'
import { ResponseParser, headerOf } from './response-parser.ts'

interface Seen {
  readonly status: number
  readonly body: string
  readonly keepAlive: boolean
}

/** Reads `text` in pieces of `size` bytes. */
function read(text: string, size: number, isHead = false): (Seen | string)[] {
  const seen: (Seen | string)[] = []
  const parser = new ResponseParser({
    onResponse: () =>
      seen.push({
        status: parser.status,
        body: Buffer.from(parser.body).toString('latin1'),
        keepAlive: parser.keepAlive,
      }),
    onMalformed: (reason) => seen.push(reason),
  })
  parser.expect({ isHead, keepHead: true, keepBody: true })
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += size) parser.feed(bytes.subarray(at, at + size))
  if (parser.end()) seen.push('ended by the connection')
  return seen
}

const OK = 'HTTP/1.1 200 OK\r\n'

describe('a response parser', () => {
  const good: [string, string, Seen][] = [
    [
      'a length',
      `${OK}Content-Length: 5\r\n\r\nhello`,
      { status: 200, body: 'hello', keepAlive: true },
    ],
    ['no body', `${OK}content-length:0\r\n\r\n`, { status: 200, body: '', keepAlive: true }],
    [
      'the same length twice',
      `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nab`,
      { status: 200, body: 'ab', keepAlive: true },
    ],
    ['204', 'HTTP/1.1 204 \r\n\r\n', { status: 204, body: '', keepAlive: true }],
    [
      '304 with a length',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
      { status: 304, body: '', keepAlive: true },
    ],
    [
      'connection: close',
      `${OK}Connection: foo, Close\r\nContent-Length: 1\r\n\r\nx`,
      { status: 200, body: 'x', keepAlive: false },
    ],
    [
      'HTTP/1.0',
      'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx',
      { status: 200, body: 'x', keepAlive: false },
    ],
    [
      'chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n`,
      { status: 200, body: 'hello!', keepAlive: true },
    ],
    [
      '103 first',
      `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
      { status: 200, body: 'ok', keepAlive: true },
    ],
  ]
  for (const [name, text, expected] of good) {
    test(`${name}: read the same however it is cut`, () => {
      for (let size = 1; size <= text.length; size += 1)
        expect(read(text, size)).toEqual([expected])
    })
  }

  test('an answer to HEAD has no body', () => {
    const seen = read(`${OK}Content-Length: 5\r\n\r\n`, 3, true)
    expect(seen).toEqual([{ status: 200, body: '', keepAlive: true }])
  })

  test('without a length, the end of the connection ends the answer', () => {
    const expected = { status: 200, body: 'all of it', keepAlive: false }
    expect(read(`${OK}X: y\r\n\r\nall of it`, 4)).toEqual([expected, 'ended by the connection'])
  })

  const bad: [string, string][] = [
    ['not HTTP', 'SSH-2.0-OpenSSH_9\r\n\r\n'],
    ['HTTP/2 status line', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of letters', 'HTTP/1.1 2oo OK\r\n\r\n'],
    ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['lengths that differ', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['a negative length', `${OK}Content-Length: -1\r\n\r\n`],
    [
      'a length and chunks',
      `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['another coding', `${OK}Transfer-Encoding: gzip\r\n\r\n`],
    ['a folded header', `${OK}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
    ['a space before the colon', `${OK}Content-Length : 0\r\n\r\n`],
    ['a control character', `${OK}A: b\u0001\r\n\r\n`],
    ['a chunk size that is none', `${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
    ['a chunk that is too long', `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n`],
    ['a switch of protocols', 'HTTP/1.1 101 Switching\r\n\r\n'],
  ]
  for (const [name, text] of bad) {
    test(`${name}: malformed, told once`, () => {
      for (const size of [1, 3, text.length]) {
        const seen = read(text, size)
        expect(seen).toHaveLength(1)
        expect(typeof seen[0]).toBe('string')
      }
    })
  }

  const short: [string, string][] = [
    ['a body longer than its length', `${OK}Content-Length: 2\r\n\r\nokok`],
    ['a body where there is none', `${OK}Content-Length: 0\r\n\r\nok`],
    ['bytes after the last chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nok`],
    ['a second answer', `${OK}Content-Length: 1\r\n\r\nx${OK}`],
  ]
  for (const [name, text] of short) {
    test(`${name}: that is no answer, because it lies about where it ends`, () => {
      expect(read(text, 1000)).toEqual(['bytes after the answer'])
      expect(read(text, text.length - 1)).toEqual(['bytes after the answer'])
    })
  }

  test('bytes that come once the answer is complete are told as well', () => {
    const seen = read(`${OK}Content-Length: 1\r\n\r\nxy`, `${OK}Content-Length: 1\r\n\r\nx`.length)
    expect(seen).toEqual([
      { status: 200, body: 'x', keepAlive: true },
      'bytes that nobody asked for',
    ])
  })

  test('a head without end is given up', () => {
    expect(read(`${OK}A: ${'x'.repeat(100_000)}`, 5000)).toEqual([
      'more bytes than allowed before the end of a line',
    ])
  })

  test('fields of a kept head are found whatever their case', () => {
    const head = `${OK}Cache-Status: a; hit\r\nAge:  7 \r\n\r\n`
    expect(headerOf(head, 'cache-status')).toBe('a; hit')
    expect(headerOf(head, 'AGE')).toBe('7')
    expect(headerOf(head, 'x')).toBeUndefined()
  })
})
