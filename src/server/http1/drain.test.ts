import { describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PlainAnswer } from '../../core/answer.ts'
import { openTestListener, text } from './listener.fixture.ts'
import { RawClient, statusesOf } from './raw-client.fixture.ts'

/** Says when its request is sent, and in the end what it got. */
const CLIENT = `
  const [port, sent] = process.argv.slice(-2)
  const socket = require('node:net').connect(Number(port), '127.0.0.1')
  let received = ''
  socket.on('data', (bytes) => (received += bytes))
  socket.on('error', ({ message }) => (received = message))
  socket.on('close', () => console.log(received))
  socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n', () => require('node:fs').writeFileSync(sent, ''))
`

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('a listener that stops', () => {
  test('takes no more connections, and closes idle ones', async () => {
    const listener = openTestListener()
    const idle = await RawClient.open(listener.port)
    idle.send(GET)
    await idle.until((all) => all.includes('200'))
    const silent = await RawClient.open(listener.port)
    const partial = await RawClient.open(listener.port)
    partial.send('GET / HT')
    while (listener.openConnections < 3) await Bun.sleep(1)
    expect(await listener.drain(5000)).toBe(true)
    for (const client of [idle, silent, partial]) await client.ended()
    expect(await RawClient.open(listener.port).catch(() => 'refused')).toBe('refused')
    expect(listener.openConnections).toBe(0)
  })

  test('answers what came on a kept connection before its client could know, and says that it closes', async () => {
    const listener = openTestListener()
    const arrived = await RawClient.open(listener.port)
    const begun = await RawClient.open(listener.port)
    const fresh = await RawClient.open(listener.port)
    for (const client of [arrived, begun]) {
      client.send(GET)
      await client.until((all) => all.includes('GET /'))
    }
    begun.send('GET / HT')
    while (listener.openConnections < 3) await Bun.sleep(1)
    for (const client of [arrived, fresh]) client.send(GET)
    const drained = listener.drain(5000)
    begun.send('TP/1.1\r\nHost: a\r\n\r\n')
    expect(await drained).toBe(true)
    for (const [client, statuses] of [
      [arrived, [200, 200]],
      [begun, [200, 200]],
      [fresh, [200]],
    ] as const) {
      const received = await client.ended()
      expect(statusesOf(received)).toEqual(statuses)
      expect(received).toMatch(/connection: close[^]*GET \/$/)
      expect(client.isReset).toBe(false)
    }
    expect(listener.openConnections).toBe(0)
  })

  test('answers who has connected and was not accepted yet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-drain-'))
    const sent = join(folder, 'sent')
    const listener = openTestListener()
    const client = Bun.spawn([process.execPath, '-e', CLIENT, String(listener.port), sent], {
      stdout: 'pipe',
    })
    // As long as this does not end nothing is accepted: the connection waits in the system's queue.
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (let at = 0; at < 10_000 && !existsSync(sent); at += 1) Atomics.wait(pause, 0, 0, 2)
    expect(await listener.drain(5000)).toBe(true)
    expect(statusesOf(await new Response(client.stdout).text())).toEqual([200])
    rmSync(folder, { recursive: true })
  }, 30_000)

  test('finishes what is in flight, says that it closes, and serves nothing after it', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    let handled = 0
    const listener = openTestListener({
      handle: async () => {
        handled += 1
        await held
        return text('done')
      },
    })
    const client = await RawClient.open(listener.port)
    client.send(GET + GET)
    while (listener.requestsInFlight < 1) await Bun.sleep(1)
    const drained = listener.drain(5000)
    release()
    expect(await drained).toBe(true)
    const received = await client.ended()
    expect(received).toMatch(/connection: close.*done$/s)
    expect(statusesOf(received)).toEqual([200])
    expect(handled).toBe(1)
  })

  test('lets a stream end, and a body come', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const listener = openTestListener({
      handle: async (request) => {
        if (request.method === 'POST') return text(await request.text())
        return new PlainAnswer(
          200,
          [],
          new ReadableStream({
            async start(controller) {
              controller.enqueue(Buffer.from('begun '))
              await held
              controller.enqueue(Buffer.from('ended'))
              controller.close()
            },
          }),
        )
      },
    })
    const reading = await RawClient.open(listener.port)
    reading.send(GET)
    await reading.until((all) => all.includes('begun'))
    const sending = await RawClient.open(listener.port)
    sending.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
    while (listener.requestsInFlight < 2) await Bun.sleep(1)
    const drained = listener.drain(5000)
    release()
    sending.send('there')
    expect(await reading.ended()).toContain('ended\r\n0\r\n\r\n')
    expect(await sending.ended()).toMatch(/connection: close.*hellothere$/s)
    expect(await drained).toBe(true)
  })

  test('cuts what is left at its deadline, and says so', async () => {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>()
    const listener = openTestListener({
      handle: (request) => {
        request.signal.addEventListener('abort', () => abort())
        return new Promise(() => {})
      },
    })
    const client = await RawClient.open(listener.port)
    client.send(GET)
    while (listener.requestsInFlight < 1) await Bun.sleep(1)
    expect(await listener.drain(30)).toBe(false)
    expect(await client.ended()).toBe('')
    await aborted
    expect(listener.requestsInFlight).toBe(0)
  })
})
