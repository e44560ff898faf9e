import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  oneof,
  record,
  uint8Array,
} from 'fast-check'
import { PlainAnswer } from '../../core/answer.ts'
import type { Http1Listener } from './listener.ts'
import { openTestListener } from './listener.fixture.ts'
import { RawClient, statusesOf } from './raw-client.fixture.ts'

/** How a message is cut into packets is chance, and must never matter. */
let listener: Http1Listener

beforeAll(() => {
  listener = openTestListener({
    async handle(request) {
      // Some requests are answered at once, some later, some read as a stream, some not read at all.
      const { target, headers } = request
      if (target === '/unread') return new PlainAnswer(200, [], 'unread')
      const body =
        target === '/stream'
          ? await new Response(request.body).text()
          : await (target === '/late' ? Bun.sleep(1).then(() => request.text()) : request.text())
      return new PlainAnswer(200, [], `${request.method} ${target} ${headers.get('x-a')} ${body}`)
    },
  })
})
afterAll(() => listener.drain(0))

interface Sent {
  readonly target: string
  readonly value: string
  readonly body: Uint8Array
  readonly chunkBytes: number
}

const sent = record({
  target: constantFrom('/', '/late', '/stream', '/unread'),
  value: constantFrom('', 'b', 'some longer value'),
  body: uint8Array({ maxLength: 60, min: 32, max: 126 }),
  chunkBytes: integer({ min: 0, max: 20 }),
})

function wireOf({ target, value, body, chunkBytes }: Sent): Buffer {
  const start = `POST ${target} HTTP/1.1\r\nHost: a\r\nX-A: ${value}\r\n`
  if (chunkBytes === 0) {
    return Buffer.concat([Buffer.from(`${start}Content-Length: ${body.length}\r\n\r\n`), body])
  }
  const parts = [Buffer.from(`${start}Transfer-Encoding: chunked\r\n\r\n`)]
  for (let at = 0; at < body.length; at += chunkBytes) {
    const part = body.subarray(at, at + chunkBytes)
    parts.push(
      Buffer.from(`${part.length.toString(16)};x\r\n`),
      Buffer.from(part),
      Buffer.from('\r\n'),
    )
  }
  return Buffer.concat([...parts, Buffer.from('0\r\nX-T: 1\r\n\r\n')])
}

const expected = ({ target, value, body }: Sent): string =>
  target === '/unread' ? 'unread' : `POST ${target} ${value} ${Buffer.from(body).toString()}`

/** The bodies of responses that say their length. */
function bodiesOf(received: string): readonly string[] {
  const bodies: string[] = []
  for (let at = 0; at < received.length;) {
    const bodyAt = received.indexOf('\r\n\r\n', at) + 4
    const length = Number(/content-length: (\d+)/.exec(received.slice(at, bodyAt))![1])
    bodies.push(received.slice(bodyAt, bodyAt + length))
    at = bodyAt + length
  }
  return bodies
}

/** Sends bytes in pieces that arrive one by one. */
async function sendInPieces(
  client: RawClient,
  wire: Buffer,
  sizes: readonly number[],
): Promise<void> {
  let at = 0
  for (const size of sizes) {
    if (at >= wire.length) break
    client.send(wire.subarray(at, at + size))
    at += size
    await new Promise((resolve) => void setImmediate(resolve))
  }
  client.send(wire.subarray(at))
}

describe('requests', () => {
  test('are read and answered the same however their bytes are cut', async () => {
    const sizes = array(oneof(integer({ min: 1, max: 3 }), integer({ min: 1, max: 200 })), {
      maxLength: 40,
    })
    await assert(
      asyncProperty(array(sent, { minLength: 1, maxLength: 5 }), sizes, async (requests, cuts) => {
        const last = Buffer.from('GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        const client = await RawClient.open(listener.port)
        await sendInPieces(client, Buffer.concat([...requests.map(wireOf), last]), cuts)
        const received = await client.ended()
        client.close()
        expect(bodiesOf(received)).toEqual([...requests.map(expected), 'GET /last null '])
      }),
      { numRuns: 150 },
    )
  })

  test('are answered when each byte comes on its own', async () => {
    const request = { target: '/', value: 'v', body: Buffer.from('hello'), chunkBytes: 2 }
    const client = await RawClient.open(listener.port)
    const wire = wireOf(request)
    await sendInPieces(
      client,
      wire,
      Array.from(wire, () => 1),
    )
    await client.until((all) => all.endsWith(expected(request)))
    client.close()
  })
})

describe('anything at all', () => {
  const WORDS = [
    'GET / HTTP/1.1\r\n',
    'POST /stream HTTP/1.1\r\n',
    'Host: a\r\n',
    'Content-Length: 5\r\n',
    'Expect: 100-continue\r\n',
    'Transfer-Encoding: chunked\r\n',
    '\r\n',
    '\r',
    '\n',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    ' ',
    ':',
    '\0',
    'Connection: close\r\n',
    'Connection: upgrade\r\nUpgrade: websocket\r\n',
    'OPTIONS * HTTP/1.0\r\n',
    'x'.repeat(300),
  ] as const

  test('is answered or refused, and never takes the listener down', async () => {
    const word = oneof(
      constantFrom(...WORDS).map((text) => Buffer.from(text, 'latin1')),
      uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    )
    await assert(
      asyncProperty(array(word, { maxLength: 20 }), async (words) => {
        const client = await RawClient.open(listener.port)
        client.socket.end(Buffer.concat(words))
        const received = await client.ended()
        client.close()
        for (const status of statusesOf(received)) {
          expect([100, 200, 400, 405, 413, 417, 431, 501, 505]).toContain(status)
        }
      }),
      { numRuns: 300 },
    )
    const response = await fetch(`${listener.url}/`, { method: 'POST', body: 'x' })
    expect(await response.text()).toBe('POST / null x')
    while (listener.requestsInFlight > 0) await Bun.sleep(1)
  })
})
