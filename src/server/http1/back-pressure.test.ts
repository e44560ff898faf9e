import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import { text, useListener } from './listener.fixture.ts'
import { RawClient } from './raw-client.fixture.ts'

const listeners = useListener({ bodyBytesMax: 1e9 })

const MEGABYTE = 1_048_576
const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** Bytes whose places can be told apart, so that losing or repeating any shows. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff
  return bytes
}

/** What a client that reads slowly gets of a body. */
async function readSlowly(port: number): Promise<Buffer> {
  const client = await RawClient.open(port)
  const parts: Buffer[] = []
  client.socket.removeAllListeners('data')
  client.socket.on('data', (bytes: Buffer) => {
    parts.push(bytes)
    client.socket.pause()
    setTimeout(() => client.socket.resume(), 1)
  })
  client.send(GET)
  await new Promise((resolve) => client.socket.once('end', resolve))
  client.close()
  const all = Buffer.concat(parts)
  return all.subarray(all.indexOf('\r\n\r\n') + 4)
}

describe('a client that reads slowly', () => {
  test.each([
    ['bytes', () => pattern(12 * MEGABYTE)],
    ['text beyond ASCII', () => 'größe'.repeat(MEGABYTE)],
  ])('gets a large answer of %s to its last byte', async (_name, make) => {
    const body = make()
    const port = listeners.listen({ handle: () => new PlainAnswer(200, [], body) })
    const received = await readSlowly(port)
    expect(received.equals(Buffer.from(body as string))).toBe(true)
  })

  test('is given a stream no faster than it reads, and all of it', async () => {
    const whole = pattern(24 * MEGABYTE)
    let given = 0
    const port = listeners.listen({
      handle: () =>
        new PlainAnswer(
          200,
          [['content-length', String(whole.length)]],
          new ReadableStream<Uint8Array>({
            pull(controller) {
              controller.enqueue(whole.subarray(given, given + 65_536))
              given += 65_536
              if (given >= whole.length) controller.close()
            },
          }),
        ),
    })
    const client = await RawClient.open(port)
    client.socket.pause()
    client.send(GET)
    let before = -1
    while (given !== before) {
      before = given
      await Bun.sleep(30)
    }
    // The buffers of the system take some of it, and nothing else does.
    expect(given).toBeLessThan(16 * MEGABYTE)
    client.socket.resume()
    const received = await client.ended()
    const body = Buffer.from(received.slice(received.indexOf('\r\n\r\n') + 4), 'latin1')
    expect(body.equals(whole)).toBe(true)
    client.close()
  })
})

describe('a handler that reads slowly', () => {
  test('is given a large body no faster than it reads, and all of it', async () => {
    const whole = pattern(24 * MEGABYTE)
    const { promise: asked, resolve: ask } = Promise.withResolvers<IncomingRequest>()
    const { promise: going, resolve: go } = Promise.withResolvers<void>()
    const port = listeners.listen({
      handle: async (request) => {
        ask(request)
        await going
        const hash = new Bun.CryptoHasher('sha256')
        for await (const part of request.body!) hash.update(part)
        return text(hash.digest('hex'))
      },
    })
    const client = await RawClient.open(port)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${whole.length}\r\n\r\n`)
    client.send(whole)
    await asked
    let before = -1
    while (client.socket.bytesWritten - client.socket.writableLength !== before) {
      before = client.socket.bytesWritten - client.socket.writableLength
      await Bun.sleep(30)
    }
    expect(client.socket.writableLength).toBeGreaterThan(8 * MEGABYTE)
    go()
    const digest = new Bun.CryptoHasher('sha256').update(whole).digest('hex')
    await client.until((all) => all.endsWith(digest))
    client.close()
  })

  test('that gives up reading does not keep the connection from its answer', async () => {
    const port = listeners.listen({
      handle: async (request) => {
        const reader = request.body!.getReader()
        await reader.read()
        await reader.cancel()
        return text('enough')
      },
    })
    const client = await RawClient.open(port)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${8 * MEGABYTE}\r\n\r\n`)
    client.send(new Uint8Array(8 * MEGABYTE))
    expect(await client.ended()).toMatch(/connection: close.*enough$/s)
    client.close()
  })
})

describe('a body without a length', () => {
  test('that grows beyond the limit is refused when it does', async () => {
    const port = listeners.listen({
      bodyBytesMax: 1000,
      handle: async (request) => text(await request.text()),
    })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    client.send(`3e8\r\n${'x'.repeat(1000)}\r\n`)
    await Bun.sleep(5)
    client.send('1\r\nx\r\n')
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 413 .*connection: close.*body_too_large/s)
    client.close()
  })

  test('that is chunk extensions and little else is refused', async () => {
    const port = listeners.listen({ handle: async (request) => text(await request.text()) })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    client.send(`1;${'x'.repeat(900)}\r\nx\r\n`.repeat(200))
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 .*connection: close/s)
    client.close()
  })

  test('of tiny chunks costs no more memory than its bytes', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const port = listeners.listen({
      handle: async (request) => {
        ask()
        return text(String((await request.text()).length))
      },
    })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    await asked
    Bun.gc(true)
    const before = process.memoryUsage().heapUsed
    const part = '1\r\nx\r\n'.repeat(10_000)
    for (let round = 0; round < 50; round++) {
      client.send(part)
      await Bun.sleep(0)
    }
    while (client.socket.writableLength > 0) await Bun.sleep(1)
    Bun.gc(true)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * MEGABYTE)
    client.send('0\r\n\r\n')
    await client.until((all) => all.endsWith('500000'))
    client.close()
  })
})

test('what is pipelined beyond measure waits in the socket', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const answerBytes = 'HTTP/1.1 204 No Content\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n'
    .length
  let count = 0
  const port = listeners.listen({
    handle: async () => {
      count += 1
      if (count === 1) await held
      return new PlainAnswer(204, [], null)
    },
  })
  const client = await RawClient.open(port)
  const request = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1000)}\r\n\r\n`
  const requests = Math.ceil((16 * MEGABYTE) / request.length)
  client.send(request.repeat(requests))
  let before = -1
  while (client.socket.writableLength !== before) {
    before = client.socket.writableLength
    await Bun.sleep(30)
  }
  expect(client.socket.writableLength).toBeGreaterThan(0)
  expect(count).toBe(1)
  release()
  await client.until((all) => all.length >= requests * answerBytes)
  expect(count).toBe(requests)
  client.close()
}, 20_000)
