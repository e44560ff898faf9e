import { expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect } from 'node:net'
import { PlainAnswer } from '../../core/answer.ts'
import { openHttp1Listener } from './index.ts'

test('a body that breaks off while its client is slow cuts the connection, and disturbs nobody else', async () => {
  let breakOff = (): void => {}
  const asked = Promise.withResolvers<void>()
  // The last is more than any socket takes at once: what follows is read while that is waited for.
  const chunks = [1, 1, 32 * 1024 * 1024]
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const bytes = chunks.shift()
        if (bytes !== undefined) return controller.enqueue(new Uint8Array(bytes))
        breakOff = () => controller.error(new Error('broken off'))
        return asked.resolve()
      },
    },
    { highWaterMark: 0 },
  )
  const listener = openHttp1Listener({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: false,
    bodyBytesMax: 1024,
    idleTimeoutMs: 60_000,
    requestsMax: 10,
    onBug: () => new PlainAnswer(500, [], null),
    handle: () => new PlainAnswer(200, [], body),
  })
  const client = connect(listener.port, '127.0.0.1')
  client.on('error', () => {})
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(client, 'readable')
  await asked.promise
  breakOff()
  const closed = new Promise((resolve) => client.on('close', resolve))
  client.resume()
  await closed
  expect(client.bytesRead).toBeLessThan(32 * 1024 * 1024 + 1024)
  expect(await listener.drain(1000)).toBe(true)
})
