import { afterEach, describe, expect, test } from 'bun:test'
import type { FaultProxy } from './proxy.ts'
import { startFaultProxy } from './proxy.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

function start(): { readonly proxy: FaultProxy; readonly url: string } {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => new Response(`echo ${(await request.text()).length}`),
  })
  const upstream = { hostname: '127.0.0.1', port: server.port! }
  const proxy = startFaultProxy({ upstream }, () => performance.now())
  cleanups.push(
    () => proxy.stop(),
    async () => server.stop(true),
  )
  return { proxy, url: `http://127.0.0.1:${proxy.port}/` }
}

const ask = async (url: string, body = '', timeoutMs = 5000): Promise<string> => {
  const response = await fetch(url, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(timeoutMs),
  })
  return response.text()
}

/** A connection on which a request is sent now and then. */
async function connectTo(port: number) {
  const events: string[] = []
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data: (_, chunk) => {
        events.push(chunk.toString('latin1').slice(9, 12))
      },
      close: () => resolve(),
      error: () => resolve(),
    },
  })
  cleanups.push(() => {
    socket.end()
  })
  return {
    events,
    closed,
    ask: () => socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'),
  }
}

describe('a fault proxy', () => {
  test('without a fault passes everything on, large bodies as well', async () => {
    const { url } = start()
    expect(await ask(url, 'x'.repeat(5_000_000))).toBe('echo 5000000')
  })

  test('slow: every byte comes later, in both directions', async () => {
    const { proxy, url } = start()
    proxy.apply({ kind: 'slow', delayMs: 60 })
    const startMs = performance.now()
    expect(await ask(url, 'abc')).toBe('echo 3')
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(119)
  })

  test('cut: connections that are there end, new ones as well, until it is over', async () => {
    const { proxy, url } = start()
    const connection = await connectTo(proxy.port)
    connection.ask()
    await ask(url)
    proxy.apply({ kind: 'cut' })
    await connection.closed
    expect(ask(url)).rejects.toThrow()
    await ask(url).catch(() => undefined)
    expect(proxy.connections).toBe(0)
    proxy.apply({ kind: 'none' })
    expect(await ask(url)).toBe('echo 0')
  })

  test('reset: what is there ends once, new connections work', async () => {
    const { proxy, url } = start()
    const connection = await connectTo(proxy.port)
    await ask(url)
    proxy.apply({ kind: 'reset' })
    await connection.closed
    expect(await ask(url)).toBe('echo 0')
  })

  test('blackhole: existing connections hang too, and what was sent arrives when it is over', async () => {
    const { proxy, url } = start()
    const connection = await connectTo(proxy.port)
    connection.ask()
    while (connection.events.length === 0) await Bun.sleep(5)
    const before = connection.events.length
    proxy.apply({ kind: 'blackhole' })
    connection.ask()
    expect(ask(url, '', 200)).rejects.toThrow()
    await ask(url, '', 200).catch(() => undefined)
    expect(connection.events).toHaveLength(before)
    proxy.apply({ kind: 'none' })
    while (connection.events.length === before) await Bun.sleep(5)
    expect(connection.events.at(-1)).toBe('200')
  })

  test('throttle: no more bytes a second than allowed', async () => {
    const { proxy, url } = start()
    proxy.apply({ kind: 'throttle', bytesPerSecond: 20_000 })
    const startMs = performance.now()
    expect(await ask(url, 'x'.repeat(10_000))).toBe('echo 10000')
    expect(performance.now() - startMs).toBeGreaterThan(300)
  })

  test('an upstream that is gone ends the connection rather than hanging', async () => {
    const { proxy, url } = start()
    await cleanups.pop()?.()
    expect(ask(url)).rejects.toThrow()
    await ask(url).catch(() => undefined)
    expect(proxy.connections).toBe(0)
  })
})
