import { afterEach, describe, expect, test } from 'bun:test'
import { isRefusal } from './forward-request.ts'
import type { ForwardOutcome } from './forward-request.ts'
import {
  answered,
  answerWith,
  forwardRequest,
  goingClient,
  openUpstream,
  serveHeads,
} from './test-kit.ts'

const open: { stop(): unknown }[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.stop()
})
const serve: typeof serveHeads = async (answer) => {
  const server = await serveHeads(answer)
  open.push(server)
  return server
}
const status = (outcome: ForwardOutcome): number | string =>
  isRefusal(outcome) ? outcome.code : outcome.status

const quick = { attempts: 2, backoff: '1ms', backoffMax: '2ms', budget: 1 } as const
const BUSY = 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'

describe('a failed try', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('%s is tried again', async (method) => {
    const origin = await serve((_head, count) =>
      count < 3 ? BUSY : answerWith('', 'HTTP/1.1 200 OK'),
    )
    const { upstream } = openUpstream({ targets: [origin.url], retries: quick })
    const body = method === 'PUT' ? new TextEncoder().encode('same') : null
    expect(status(await upstream.forward(forwardRequest({ method, body })))).toBe(200)
    expect(origin.heads).toHaveLength(3)
    expect(upstream.stats()).toMatchObject({ requests: 1, retries: 2, failures: 0, inFlight: 0 })
  })

  test.each(['POST', 'PATCH', 'LOCK'])('%s is not: it may have had an effect', async (method) => {
    const origin = await serve((_head, _count, socket) => {
      socket.destroy()
      return undefined
    })
    const { upstream } = openUpstream({ targets: [origin.url], retries: quick })
    const body = new TextEncoder().encode('once')
    expect(status(await upstream.forward(forwardRequest({ method, body })))).toBe('upstream_failed')
    expect(origin.heads).toHaveLength(1)
  })

  test('POST arrives once even when a kept connection was closed under it', async () => {
    const origin = await serve((_head, count, socket) => {
      if (count === 1) return answerWith('ok')
      socket.destroy()
      return undefined
    })
    const { upstream } = openUpstream({ targets: [origin.url], retries: quick })
    const post = (): Promise<ForwardOutcome> =>
      upstream.forward(forwardRequest({ method: 'POST', body: new TextEncoder().encode('once') }))
    expect(status(await post())).toBe(200)
    expect(status(await post())).toBe('upstream_failed')
    expect(origin.heads).toHaveLength(2)
  })

  test('POST goes to another target when no connection came about', async () => {
    const origin = await serve(() => answerWith('ok'))
    const targets = ['http://127.0.0.1:1', origin.url]
    const { upstream } = openUpstream({ targets, retries: quick })
    for (let count = 0; count < 4; count++) {
      const body = new TextEncoder().encode('once')
      expect(status(await upstream.forward(forwardRequest({ method: 'POST', body })))).toBe(200)
    }
    expect(origin.heads).toHaveLength(4)
  })

  test('a streamed body is not sent twice', async () => {
    const origin = await serve(() => BUSY)
    const { upstream } = openUpstream({ targets: [origin.url], retries: quick })
    const body = new Blob(['part']).stream()
    expect(status(await upstream.forward(forwardRequest({ method: 'PUT', body })))).toBe(503)
    expect(origin.heads).toHaveLength(1)
  })

  test('is not repeated once a byte of the answer was passed on', async () => {
    const origin = await serve((_head, _count, socket) => {
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n')
      return undefined
    })
    const { upstream } = openUpstream({ targets: [origin.url], retries: quick })
    const response = answered(await upstream.forward(forwardRequest()))
    expect(await response.text().catch(() => 'broken')).toBe('broken')
    expect(origin.heads).toHaveLength(1)
  })

  test('the last answer of the upstream is passed on when tries are used up', async () => {
    const origin = await serve(() => answerWith('later', 'HTTP/1.1 503 Busy'))
    const { upstream } = openUpstream({ targets: [origin.url], retries: quick })
    const response = answered(await upstream.forward(forwardRequest()))
    expect(response.status).toBe(503)
    expect(await response.text()).toBe('later')
    expect(origin.heads).toHaveLength(3)
    expect(upstream.stats().inFlight).toBe(0)
  })

  test.each([
    ['whole', answerWith('later', 'HTTP/1.1 503 Busy')],
    ['a stream', 'HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlater\r\n'],
  ])('every failed try counts against the target, when its body is %s', async (_name, answer) => {
    const origin = await serve(() => answer)
    const { upstream } = openUpstream({ targets: [origin.url], retries: quick })
    const outcome = await upstream.forward(forwardRequest())
    if (isRefusal(outcome)) throw new Error(outcome.code)
    if (outcome.body instanceof ReadableStream) await outcome.body.cancel()
    expect(upstream.stats().targets[0]).toMatchObject({ requests: 3, failures: 3, inFlight: 0 })
  })

  test('goes to another target', async () => {
    const bad = await serve(() => BUSY)
    const good = await serve(() => answerWith('ok'))
    const { upstream } = openUpstream({ targets: [bad.url, good.url], retries: quick })
    for (let count = 0; count < 6; count++) {
      expect(status(await upstream.forward(forwardRequest()))).toBe(200)
    }
    expect(good.heads).toHaveLength(6)
  })

  test('that brought an answer to a cache is repeated at another target only', async () => {
    const origin = await serve(() => BUSY)
    const alone = openUpstream({ targets: [origin.url], retries: quick })
    expect(status(await alone.upstream.forward(forwardRequest({ isCached: true })))).toBe(503)
    expect(origin.heads).toHaveLength(1)
    const good = await serve(() => answerWith('ok'))
    const both = openUpstream({ targets: [origin.url, good.url], retries: quick })
    for (let count = 0; count < 4; count++) {
      expect(status(await both.upstream.forward(forwardRequest({ isCached: true })))).toBe(200)
    }
  })

  test('that asks for a long pause is not repeated', async () => {
    const busy = 'HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n'
    const origin = await serve(() => busy)
    const { upstream } = openUpstream({ targets: [origin.url], retries: quick })
    expect(status(await upstream.forward(forwardRequest()))).toBe(503)
    expect(origin.heads).toHaveLength(1)
  })

  test('stops being repeated when the budget is spent', async () => {
    const origin = await serve(() => BUSY)
    const { upstream, events } = openUpstream({
      targets: [origin.url],
      retries: { ...quick, attempts: 1, budget: 0.1 },
      breaker: false,
    })
    for (let count = 0; count < 40; count++) await upstream.forward(forwardRequest())
    const { retries } = upstream.stats()
    expect(retries).toBeGreaterThanOrEqual(10)
    expect(retries).toBeLessThanOrEqual(15)
    expect(origin.heads).toHaveLength(40 + retries)
    expect(events).toContainEqual({ upstream: 'test', kind: 'retry_budget_spent' })
  })

  test('is not repeated for a client that has gone', async () => {
    const client = goingClient()
    const origin = await serve(() => {
      client.go()
      return BUSY
    })
    const { upstream } = openUpstream({ targets: [origin.url], retries: { attempts: 5 } })
    await upstream.forward(forwardRequest({ client }))
    expect(origin.heads).toHaveLength(1)
    expect(upstream.stats().inFlight).toBe(0)
  })
})
