import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { Http1ListenerOptions } from './options.ts'
import type { Rejection } from './rejection.ts'
import { text, useListener } from './listener.fixture.ts'
import { RawClient, exchange, statusesOf } from './raw-client.fixture.ts'

/** Time passes here when a test says so. */
class Time {
  #intervalMs = 0
  #run = (): void => {}

  readonly every = (intervalMs: number, run: () => void): (() => void) => {
    this.#intervalMs = intervalMs
    this.#run = run
    return () => {
      this.#run = () => {}
    }
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += this.#intervalMs) this.#run()
  }
}

const listeners = useListener()

function listen(options: Partial<Http1ListenerOptions> = {}): {
  time: Time
  port: number
  told: Rejection[]
} {
  const time = new Time()
  const told: Rejection[] = []
  const port = listeners.listen({
    idleTimeoutMs: 30_000,
    every: time.every,
    onRejected: (rejection) => told.push(rejection),
    ...options,
  })
  return { time, port, told }
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const openConnections = async (count: number): Promise<void> => {
  while (listeners.opened.openConnections !== count) await Bun.sleep(1)
}
/** Until the listener has read what was sent: it has answered something sent before on another connection. */
const settled = async (port: number): Promise<void> => {
  await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
}

describe('time runs out', () => {
  test('for a client that says nothing, ten seconds after it came', async () => {
    const { time, port } = listen()
    const client = await RawClient.open(port)
    await openConnections(1)
    time.pass(9500)
    expect(listeners.opened.openConnections).toBe(1)
    time.pass(1000)
    expect(await client.ended()).toBe('')
  })

  test('for a head that drips, ten seconds after its first byte: 408', async () => {
    const { time, port, told } = listen()
    const client = await RawClient.open(port)
    client.send(GET)
    await client.until((all) => all.includes('200'))
    time.pass(20_000)
    client.send('GET / HTT')
    await settled(port)
    time.pass(5000)
    client.send('P/1.1\r\nHost:')
    await settled(port)
    time.pass(4500)
    expect(statusesOf(client.received)).toEqual([200])
    time.pass(1000)
    const received = await client.ended()
    expect(statusesOf(received)).toEqual([200, 408])
    expect(received).toContain('"code":"request_timeout"')
    expect(told).toMatchObject([{ reason: 'too_slow', isHandled: false }])
  })

  test('for an idle connection, as long after its last answer as is configured', async () => {
    const { time, port } = listen()
    const client = await RawClient.open(port)
    client.send(GET)
    await client.until((all) => all.includes('200'))
    time.pass(29_500)
    client.send(GET)
    await client.until((all) => statusesOf(all).length === 2)
    time.pass(29_500)
    expect(client.isEnded).toBe(false)
    time.pass(1000)
    expect(statusesOf(await client.ended())).toEqual([200, 200])
  })

  test('for a body that comes too slowly: 408, and the connection is closed', async () => {
    const { time, port, told } = listen({ handle: async (request) => text(await request.text()) })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
    while (listeners.opened.requestsInFlight < 1) await Bun.sleep(1)
    // More than a kilobyte a second is enough.
    for (let round = 0; round < 3; round++) {
      client.send('x'.repeat(15_000))
      await settled(port)
      time.pass(10_000)
    }
    expect(client.received).toBe('')
    client.send('x'.repeat(5000))
    await settled(port)
    time.pass(10_500)
    const received = await client.ended()
    expect(statusesOf(received)).toEqual([408])
    expect(received).toContain('connection: close')
    expect(told).toMatchObject([{ reason: 'too_slow', requestId: undefined, isHandled: true }])
  })

  test('not for a body that nobody has asked for yet', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { time, port } = listen({
      handle: async (request) => {
        if (request.method === 'GET') return text('')
        await asked
        return text(await request.text())
      },
    })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    await settled(port)
    time.pass(60_000)
    ask()
    await client.until((all) => all.includes('100 Continue'))
    client.send('hello')
    await client.until((all) => all.endsWith('hello'))
    client.close()
  })

  test('not for a handler, however slow', async () => {
    const { promise: done, resolve: finish } = Promise.withResolvers<void>()
    const { time, port } = listen({
      handle: ({ target }) => (target === '/slow' ? done.then(() => text('late')) : text('')),
    })
    const client = await RawClient.open(port)
    client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
    await settled(port)
    time.pass(600_000)
    finish()
    await client.until((all) => all.endsWith('late'))
    client.close()
  })

  test('for a client that does not read its answer: it is cut off', async () => {
    const { time, port } = listen({
      handle: ({ target }) => (target === '/big' ? text('x'.repeat(20_000_000)) : text('')),
    })
    const client = await RawClient.open(port)
    client.socket.pause()
    client.send('GET /big HTTP/1.1\r\nHost: a\r\n\r\n')
    await settled(port)
    time.pass(29_000)
    expect(listeners.opened.openConnections).toBe(1)
    time.pass(62_000)
    await openConnections(0)
    client.close()
  })

  test('for a client that does not read a stream: it is cut off, and the stream is told', async () => {
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>()
    const { time, port } = listen({
      handle: ({ target }) =>
        target === '/stream'
          ? new PlainAnswer(
              200,
              [],
              new ReadableStream({
                pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
                cancel: () => cancel(),
              }),
            )
          : text(''),
    })
    const client = await RawClient.open(port)
    client.socket.pause()
    client.send('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n')
    // Whatever the sockets take in between, there is an end to it.
    while (listeners.opened.openConnections > 0) {
      await settled(port)
      time.pass(31_000)
      await Bun.sleep(1)
    }
    await cancelled
    client.close()
  })

  test('for a client that goes on sending after it was refused', async () => {
    const { time, port } = listen()
    const client = await RawClient.open(port)
    client.send('GET / HTTP/1.1\r\n\r\n')
    await client.until((all) => all.includes('400'))
    client.send('x'.repeat(1000))
    await settled(port)
    expect(listeners.opened.openConnections).toBe(1)
    time.pass(2500)
    await openConnections(0)
    client.close()
  })
})
