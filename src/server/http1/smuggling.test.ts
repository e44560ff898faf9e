import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { Http1Listener } from './listener.ts'
import { openTestListener } from './listener.fixture.ts'
import { exchange, statusesOf } from './raw-client.fixture.ts'

/**
 * Requests that two programs could read in two ways, so that one of them sees a request that the other takes for
 * part of a body. Here each is refused, the connection is closed, and nothing behind it is ever taken for a request.
 */
let listener: Http1Listener
let targets: string[] = []

beforeAll(() => {
  listener = openTestListener({
    handle: async (request) => {
      targets.push(request.target)
      await request.text()
      return new PlainAnswer(200, [], 'ok')
    },
  })
})
afterAll(() => listener.drain(0))

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const post = (fields: readonly string[], body: string): string =>
  `${['POST / HTTP/1.1', 'Host: a', ...fields].join('\r\n')}\r\n\r\n${body}${SMUGGLED}`

const chunkedBody = '0\r\n\r\n'
const HEADS: readonly (readonly [string, string])[] = [
  ['CL.TE', post(['Content-Length: 6', 'Transfer-Encoding: chunked'], chunkedBody)],
  ['TE.CL', post(['Transfer-Encoding: chunked', 'Content-Length: 4'], '5c\r\n')],
  ['CL.CL', post(['Content-Length: 0', 'Content-Length: 44'], '')],
  ['CL.CL, the same', post(['Content-Length: 5', 'Content-Length: 5'], 'hello')],
  ['CL, CL', post(['Content-Length: 0, 44'], '')],
  ['TE.TE', post(['Transfer-Encoding: chunked', 'Transfer-encoding: x'], chunkedBody)],
  ['TE, TE', post(['Transfer-Encoding: x, chunked'], chunkedBody)],
  ['TE with a space before the colon', post(['Transfer-Encoding : chunked'], chunkedBody)],
  ['TE with a tab before the colon', post(['Transfer-Encoding\t: chunked'], chunkedBody)],
  ['TE folded', post(['Transfer-Encoding:', ' chunked'], chunkedBody)],
  ['TE after a folded line', post(['X: y', ' Transfer-Encoding: chunked'], chunkedBody)],
  ['TE in a bare line', post(['X: y\nTransfer-Encoding: chunked'], chunkedBody)],
  ['TE after a bare carriage return', post(['X: y\rTransfer-Encoding: chunked'], chunkedBody)],
  ['TE with a control character', post(['Transfer-Encoding: \x0bchunked'], chunkedBody)],
  ['TE with a control character behind', post(['Transfer-Encoding: chunked\x00'], chunkedBody)],
  ['TE of another word', post(['Transfer-Encoding: chunkedx'], chunkedBody)],
  ['TE with quotes', post(['Transfer-Encoding: "chunked"'], chunkedBody)],
  ['TE identity with CL', post(['Transfer-Encoding: identity', 'Content-Length: 5'], 'hello')],
  ['CL with a sign', post(['Content-Length: +0'], '')],
  ['CL in hexadecimal', post(['Content-Length: 0x0'], '')],
  ['CL with a space before the colon', post(['Content-Length : 5'], 'hello')],
  ['CL with blanks within', post(['Content-Length: 0 5'], 'hello')],
  ['CL with an underscore', post(['Content-Length: 0_0'], '')],
  ['CL with a comma', post(['Content-Length: 0,'], '')],
  ['an empty CL', post(['Content-Length: '], '')],
  [
    'chunks in HTTP/1.0',
    `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  ['two Hosts', post(['Host: b'], '')],
  ['a NUL in a name', post(['Content-Length\0: 5'], 'hello')],
  ['a line without a colon', post(['Content-Length 5'], 'hello')],
]

const chunks = (body: string): string => post(['Transfer-Encoding: chunked'], body)
const BODIES: readonly (readonly [string, string])[] = [
  ['a size with a sign', chunks('+0\r\n\r\n')],
  ['a size with a minus', chunks('-0\r\n\r\n')],
  ['a size with 0x', chunks('0x0\r\n\r\n')],
  ['a size with an underscore', chunks('0_0\r\n\r\n')],
  ['a size after a blank', chunks(' 0\r\n\r\n')],
  ['a size before a blank', chunks('0 \r\n\r\n')],
  ['no size', chunks('\r\n\r\n')],
  ['a size in words', chunks('five\r\nhello\r\n0\r\n\r\n')],
  ['a size beyond all numbers', chunks('fffffffffffffffff1\r\na\r\n0\r\n\r\n')],
  ['a size that ends in a bare line feed', chunks('0\n\r\n')],
  ['a size that ends in a bare carriage return', chunks('0\r\r\n\r\n')],
  ['a bare line feed after the data', chunks('1\r\na\n0\r\n\r\n')],
  ['data longer than its size', chunks('1\r\nab\r\n0\r\n\r\n')],
  ['a bare line feed in an extension', chunks('0;a=\nb\r\n\r\n')],
  ['a bare carriage return in an extension', chunks('0;a=\rb\r\n\r\n')],
  ['a NUL in an extension', chunks('0;a\0\r\n\r\n')],
  ['an extension with an open quote', chunks('1;a="\r\nb\r\n0\r\n\r\n')],
  ['an extension without a semicolon', chunks('0 a\r\n\r\n')],
  ['an extension that never ends', chunks(`0;${'a'.repeat(5000)}`)],
  ['a trailer without a colon', chunks('0\r\nabc\r\n\r\n')],
  ['a trailer with a space before the colon', chunks('0\r\na : b\r\n\r\n')],
  ['a folded trailer', chunks('0\r\na: b\r\n c\r\n\r\n')],
  ['a trailer with a bare line feed', chunks('0\r\na: b\nc: d\r\n\r\n')],
  ['trailers without end', chunks(`0\r\n${'a: b\r\n'.repeat(5000)}`)],
  ['a last line that is a bare line feed', chunks('0\r\n\n')],
]

describe.each([
  ['a head with', HEADS],
  ['a body with', BODIES],
] as const)('%s', (_kind, table) => {
  test.each(table)('%s is refused, and what follows is no request', async (_name, bytes) => {
    targets = []
    const received = await exchange(listener.port, bytes)
    const statuses = statusesOf(received)
    expect(statuses).toHaveLength(1)
    expect([400, 501]).toContain(statuses[0]!)
    expect(received).toContain('connection: close')
    expect(targets).not.toContain('/smuggled')
  })
})

test('what only looks like smuggling is read: a request in a body, chunks with extensions and trailers', async () => {
  targets = []
  const body = `${SMUGGLED.length.toString(16)};a="b"\r\n${SMUGGLED}\r\n0\r\nX-Sum: 1\r\n\r\n`
  const bytes = `POST /outer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`
  const last = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  expect(statusesOf(await exchange(listener.port, bytes + last))).toEqual([200, 200])
  expect(targets).toEqual(['/outer', '/last'])
})
