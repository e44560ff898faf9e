import { expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import { useListener } from './listener.fixture.ts'
import type { Handle } from './world.ts'
import { RawClient, exchange, statusesOf } from './raw-client.fixture.ts'

/** Interim answers (RFC 9110 §15.2, RFC 8297). */

const listeners = useListener()

const listen = (handle: Handle): number => listeners.listen({ handle })

const HINT = new PlainAnswer(103, [['link', '</a.css>; rel=preload']], null)
const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

test('an interim answer goes out at once, ahead of the final one', async () => {
  const { promise, resolve } = Promise.withResolvers<PlainAnswer>()
  const port = listen((request) => {
    request.interim?.(HINT)
    return promise
  })
  const client = await RawClient.open(port)
  client.send(GET)
  const early = await client.until((received) => received.includes('\r\n\r\n'))
  expect(early).toBe('HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n')
  resolve(new PlainAnswer(200, [], 'done'))
  const all = await client.ended()
  expect(statusesOf(all)).toEqual([103, 200])
  expect(all).toEndWith('\r\n\r\ndone')
  client.close()
})

test('after the answer, to an old client, or with a broken field there is none', async () => {
  const late = listen((request) => {
    queueMicrotask(() => request.interim?.(HINT))
    return new PlainAnswer(200, [], 'done')
  })
  expect(statusesOf(await exchange(late, GET))).toEqual([200])
  await listeners.opened.drain(0)
  const eager = listen(async (request) => {
    request.interim?.(new PlainAnswer(103, [['link', 'a\r\nx: y']], null))
    await Promise.resolve()
    if (request.target === '/old') request.interim?.(HINT)
    return new PlainAnswer(200, [], 'done')
  })
  expect(statusesOf(await exchange(eager, GET))).toEqual([200])
  const old = await exchange(eager, 'GET /old HTTP/1.0\r\nHost: a\r\n\r\n')
  expect(statusesOf(old)).toEqual([200])
})
