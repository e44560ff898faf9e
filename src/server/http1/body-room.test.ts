import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import { get, text, useListener } from './listener.fixture.ts'
import type { Http1ListenerOptions } from './options.ts'
import { RawClient } from './raw-client.fixture.ts'

const listeners = useListener()

const ROOM = 65_536
const BODY = 'x'.repeat(40_000)

const post = (body: string, bytes = body.length): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${body}`

const reasons: string[] = []

function listen(options: Partial<Http1ListenerOptions> = {}): number {
  reasons.length = 0
  return listeners.listen({
    bodiesHeldBytesMax: ROOM,
    handle: async (request) => text(`${(await request.text()).length}`),
    onRejected: ({ reason }) => reasons.push(reason),
    ...options,
  })
}

const held = (): number => listeners.opened.bodiesHeldBytes

async function until(isSo: () => boolean): Promise<void> {
  const untilMs = performance.now() + 4000
  while (!isSo()) {
    if (performance.now() > untilMs) throw new Error(`held: ${held()}`)
    await new Promise(setImmediate)
  }
}

const isAnswered = (received: string): boolean => received.includes('\r\n\r\n')

/** A client whose body is held, and is not complete. */
async function holdBody(port: number, body = BODY): Promise<RawClient> {
  const client = await RawClient.open(port)
  const before = held()
  client.send(post(body, body.length + 1))
  await until(() => held() === before + body.length)
  return client
}

describe('bodies that are held at once', () => {
  test('are refused beyond the bound with 503, until others are done', async () => {
    const port = listen()
    const first = await holdBody(port)
    for (const request of [post(BODY), post(BODY, BODY.length + 1)]) {
      const second = await RawClient.open(port)
      second.send(request)
      const refused = await second.until((received) => received.includes('}'))
      expect(refused).toStartWith('HTTP/1.1 503 ')
      expect(refused).toContain('application/problem+json')
      expect(refused).toContain('There is no room for the body at present.')
      second.close()
    }
    expect(reasons).toEqual(['bodies_held_max', 'bodies_held_max'])
    first.send('x')
    expect(await first.until(isAnswered)).toEndWith('40001')
    expect(held()).toBe(0)
    first.send(post(BODY))
    await first.until((received) => received.endsWith('40000'))
    first.close()
  })

  test('leave bodies that come with their head, and are small, their room', async () => {
    const port = listen()
    const first = await holdBody(port, 'x'.repeat(ROOM - 1))
    const small = await RawClient.open(port)
    small.send(post('x'.repeat(4096)))
    expect(await small.until(isAnswered)).toEndWith('4096')
    first.close()
    small.close()
  })

  test('say when one alone is too large, before more of it comes', async () => {
    const client = await RawClient.open(listen())
    client.send(post('x', ROOM + 1))
    expect(await client.until(isAnswered)).toStartWith('HTTP/1.1 413 ')
    client.close()
  })

  test('count what a chunked body has come to, without a length', async () => {
    const client = await RawClient.open(listen())
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    client.send(chunk.repeat(5))
    expect(await client.until(isAnswered)).toStartWith('HTTP/1.1 413 ')
    expect(held()).toBe(0)
    client.close()
  })

  test('are no matter to bodies that are read as fast as they come', async () => {
    let bytes = 0
    const port = listen({
      bodyBytesMax: 1e9,
      handle: async (request) => {
        for await (const part of request.body!) bytes += part.length
        return text('read')
      },
    })
    const client = await RawClient.open(port)
    const part = Buffer.alloc(16_384)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${64 * part.length}\r\n\r\n`)
    for (let sent = 1; sent <= 64; sent++) {
      client.send(part)
      await until(() => bytes === sent * part.length)
    }
    await client.until(isAnswered)
    expect(bytes).toBeGreaterThan(10 * ROOM)
    expect(held()).toBe(0)
    client.close()
  })

  test('count what waits for who reads slowly, and break it off', async () => {
    const port = listen({ bodyBytesMax: 1e9, handle: async (request) => hoard(request) })
    const first = await holdBody(port)
    const second = await RawClient.open(port)
    second.send(post(BODY, 1e6))
    await until(() => reasons.length > 0)
    expect(reasons).toEqual(['bodies_held_max'])
    expect(held()).toBe(BODY.length)
    first.close()
    second.close()
    await until(() => held() === 0)
  })

  test('count what is pipelined behind a request: without room, the connection ends after its answer', async () => {
    const answered = Promise.withResolvers<PlainAnswer>()
    const port = listen({ handle: () => answered.promise })
    const client = await RawClient.open(port)
    client.send(get('/'))
    client.send(get('/a').repeat(3000))
    await until(() => reasons.length > 0)
    answered.resolve(new PlainAnswer(200, [], 'first'))
    const received = await client.ended()
    expect(received.split('HTTP/1.1 200').length).toBe(2)
    expect(received).toContain('\r\nconnection: close\r\n')
    expect(held()).toBe(0)
    client.close()
  })
})

/** Takes a body as a stream, and never reads it. */
async function hoard({ body, signal }: IncomingRequest): Promise<PlainAnswer> {
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve)
    void body
  })
  return new PlainAnswer(200, [], null)
}

type Ending = readonly [
  name: string,
  handle: Http1ListenerOptions['handle'],
  run: (client: RawClient) => Promise<unknown>,
]

const ENDINGS: readonly Ending[] = [
  ['answered at once', () => text('early'), (client) => client.until(isAnswered)],
  [
    'read by nobody, and answered later',
    async () => new Promise((resolve) => setImmediate(() => resolve(text('late')))),
    (client) => client.until(isAnswered),
  ],
  [
    'read by a handler that fails',
    async (request) => {
      await request.text()
      throw new Error('a bug')
    },
    (client) => {
      client.send('x')
      return client.until(isAnswered)
    },
  ],
  [
    'broken off by its client',
    async (request) => text(await request.text()),
    async (client) => {
      await until(() => held() > 0 || isAnswered(client.received))
      client.close()
    },
  ],
  [
    'ended too early',
    async (request) => text(await request.text()),
    async (client) => {
      await until(() => held() > 0 || isAnswered(client.received))
      client.socket.end()
      await client.until(isAnswered)
    },
  ],
  [
    'read as a stream, given up half way',
    async ({ body }) => {
      const reader = body!.getReader()
      await reader.read()
      await reader.cancel()
      return text('enough')
    },
    (client) => client.until(isAnswered),
  ],
  [
    'complete, while its answer streams to a client that leaves',
    async (request) => {
      await request.text()
      return new PlainAnswer(200, [], new ReadableStream({ pull: (it) => it.enqueue(BYTES) }))
    },
    async (client) => {
      client.send('x')
      await client.until(isAnswered)
      client.close()
    },
  ],
]

const BYTES = new Uint8Array(65_536)

describe('a body gives its room back', () => {
  test.each(ENDINGS)('%s', async (_name, handle, run) => {
    const port = listen({ handle })
    for (const request of [post(BODY, BODY.length + 1), `${post(BODY)}x`]) {
      const client = await RawClient.open(port)
      client.send(request)
      await run(client)
      await until(() => held() === 0)
      client.close()
    }
  })

  test('when its handler is done, though its client has left before', async () => {
    const answered = Promise.withResolvers<PlainAnswer>()
    const port = listen({ handle: () => answered.promise })
    const client = await RawClient.open(port)
    client.send(post(BODY))
    await until(() => held() === BODY.length)
    client.socket.resetAndDestroy()
    await until(() => listeners.opened.requestsInFlight === 0)
    expect(held()).toBe(BODY.length)
    answered.resolve(new PlainAnswer(200, [], null))
    await until(() => held() === 0)
  })
})
