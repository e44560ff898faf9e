import { afterEach, describe, expect, test } from 'bun:test'
import type { PlainAnswer } from '../core/answer.ts'
import { problemResponse } from '../core/problem.ts'
import { isRefusal } from './forward-request.ts'
import type { ForwardOutcome } from './forward-request.ts'
import {
  answered,
  answerWith,
  forwardRequest,
  openUpstream,
  serveHeads,
  serveRaw,
  serveThrough,
  until,
} from './test-kit.ts'

const open: { stop(): unknown }[] = []
const keep = <T extends { stop(): unknown }>(server: T): T => {
  open.push(server)
  return server
}
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop()
})

const status = (outcome: ForwardOutcome): number | string =>
  isRefusal(outcome) ? outcome.code : outcome.status
const text = async (outcome: ForwardOutcome): Promise<string> =>
  isRefusal(outcome) ? `refused: ${outcome.code} ${outcome.internal}` : answered(outcome).text()
const quick = { backoff: '1ms', backoffMax: '2ms' } as const

function keepAnswering(answer: Parameters<typeof serveHeads>[0]): ReturnType<typeof serveHeads> {
  return serveHeads(answer).then(keep)
}

describe('bodies', () => {
  const sizes = [0, 1, 90, 12_287, 12_288, 16_384, 65_536, 262_144, 262_145, 1_048_576]
  test.each(sizes)('of %d bytes arrive unchanged, with their length', async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251)
    const origin = keep(Bun.serve({ port: 0, fetch: () => new Response(bytes) }))
    const { upstream } = openUpstream({ targets: [`http://127.0.0.1:${origin.port}`] })
    const gate = keep(serveThrough(upstream))
    const response = await fetch(gate.url)
    if (size <= 262_144) expect(response.headers.get('content-length')).toBe(String(size))
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true)
    expect(upstream.stats().inFlight).toBe(0)
  })

  test('of unknown length are passed on as they come, before they are complete', async () => {
    let finish = (): void => {}
    const origin = await keepAnswering((_head, _count, socket) => {
      finish = () => socket.write('5\r\nlater\r\n0\r\n\r\n')
      return 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n'
    })
    const { upstream } = openUpstream({ targets: [origin.url] })
    const gate = keep(serveThrough(upstream))
    const response = await fetch(gate.url)
    const reader = response.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('first')
    expect(upstream.stats().inFlight).toBe(1)
    finish()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('later')
    expect((await reader.read()).done).toBe(true)
    await until(() => upstream.stats().inFlight === 0)
  })

  test('keep their encoding', async () => {
    const packed = Bun.gzipSync(Buffer.from('hello '.repeat(100)))
    const origin = keep(
      Bun.serve({
        port: 0,
        fetch: () => new Response(packed, { headers: { 'content-encoding': 'gzip' } }),
      }),
    )
    const { upstream } = openUpstream({ targets: [`http://127.0.0.1:${origin.port}`] })
    const response = answered(await upstream.forward(forwardRequest()))
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(packed))).toBe(true)
  })

  test('HEAD keeps the length it would have had', async () => {
    const origin = await keepAnswering(() => 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n')
    const { upstream } = openUpstream({ targets: [origin.url] })
    const gate = keep(serveThrough(upstream))
    const response = await fetch(gate.url, { method: 'HEAD' })
    expect(response.headers.get('content-length')).toBe('1234')
    expect(upstream.stats().inFlight).toBe(0)
  })

  test.each([204, 304])('status %d has none', async (code) => {
    const origin = await keepAnswering(() => `HTTP/1.1 ${code} Fine\r\nETag: "a"\r\n\r\n`)
    const { upstream } = openUpstream({ targets: [origin.url] })
    const outcome = await upstream.forward(forwardRequest())
    expect(status(outcome)).toBe(code)
    expect(await text(outcome)).toBe('')
  })

  test('uploads stream through, whole and in order', async () => {
    const origin = keep(
      Bun.serve({
        port: 0,
        async fetch(request) {
          const bytes = new Uint8Array(await request.arrayBuffer())
          return new Response(`${bytes.length} ${Bun.hash(bytes)}`)
        },
      }),
    )
    const { upstream } = openUpstream({ targets: [`http://127.0.0.1:${origin.port}`] })
    const gate = keep(serveThrough(upstream))
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 253)
    const response = await fetch(gate.url, { method: 'POST', body: bytes })
    expect(await response.text()).toBe(`${bytes.length} ${Bun.hash(bytes)}`)
  })

  test('a slow reader holds the upstream back instead of filling memory', async () => {
    let sent = 0
    const chunk = Buffer.alloc(65_536, 'x')
    const origin = keep(
      await serveRaw((socket) => {
        const more = (): void => {
          while (!socket.destroyed && socket.write(chunk)) sent += chunk.length
        }
        socket.on('drain', () => {
          sent += chunk.length
          more()
        })
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
          more()
        })
      }),
    )
    const { upstream } = openUpstream({ targets: [origin.url] })
    const reader = answered(await upstream.forward(forwardRequest())).body!.getReader()
    await reader.read()
    let before = -1
    await until(() => {
      const still = sent === before
      before = sent
      return still
    })
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    await reader.cancel()
    await until(() => upstream.stats().inFlight === 0)
  })
})

describe('interim answers (RFC 9110 §15.2)', () => {
  test('reach a client that takes them, without the fields that are not for it', async () => {
    const origin = await serveHeads(
      () =>
        `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nX: 1\r\n\r\n${answerWith('ok')}`,
    )
    open.push(origin)
    const { upstream } = openUpstream({ targets: [origin.url] })
    const interims: PlainAnswer[] = []
    const client = {
      isGone: false,
      signal: new AbortController().signal,
      interim: (answer: PlainAnswer) => void interims.push(answer),
    }
    const outcome = await upstream.forward(forwardRequest({ client }))
    expect(isRefusal(outcome) ? outcome.code : outcome.status).toBe(200)
    expect(interims.map(({ status, fields }) => [status, fields])).toEqual([
      [100, []],
      [103, [['link', '</a>']]],
    ])
    expect(isRefusal(await upstream.forward(forwardRequest()))).toBe(false)
  })
})

describe('a failing upstream', () => {
  test('that is not there becomes upstream_failed, and says nothing about itself', async () => {
    const { upstream } = openUpstream({ targets: ['http://127.0.0.1:1'], retries: quick })
    const outcome = await upstream.forward(forwardRequest())
    expect(outcome).toMatchObject({ code: 'upstream_failed' })
    if (!isRefusal(outcome)) throw new Error('expected a refusal')
    expect(await problemResponse(outcome, 'req_test').text()).not.toContain('127.0.0.1')
  })

  test.each([
    ['garbage', '\0\0 this is not HTTP\r\n\r\n'],
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a short body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'],
  ])('that sends %s becomes upstream_failed', async (_name, reply) => {
    const origin = await keepAnswering((_head, _count, socket) => {
      socket.end(reply, 'latin1')
      return undefined
    })
    const { upstream } = openUpstream({ targets: [origin.url], retries: { attempts: 0 } })
    expect(status(await upstream.forward(forwardRequest()))).toBe('upstream_failed')
    expect(upstream.stats().inFlight).toBe(0)
  })

  test('that sends garbage for ever is cut off by the deadline', async () => {
    const origin = keep(
      await serveRaw((socket) => {
        const timer = setInterval(() => socket.write('garbage without end '), 5)
        socket.on('close', () => clearInterval(timer))
      }),
    )
    const { upstream } = openUpstream({
      targets: [origin.url],
      timeouts: { firstByte: '200ms', total: '400ms' },
      retries: { attempts: 0 },
    })
    const outcome = await upstream.forward(forwardRequest())
    expect(['upstream_timeout', 'upstream_failed']).toContain(String(status(outcome)))
  })

  test('that cuts a streamed body off is visible to the client as an error', async () => {
    const origin = await keepAnswering((_head, _count, socket) => {
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n', 'latin1')
      return undefined
    })
    const { upstream, events } = openUpstream({ targets: [origin.url] })
    const gate = keep(serveThrough(upstream))
    const received = fetch(gate.url).then((response) => response.text())
    expect(await received.catch(() => 'broken')).toBe('broken')
    await until(() => upstream.stats().inFlight === 0)
    // The id of the request is that of its answer and of its record.
    const { requestId } = forwardRequest()
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'attempt_failed', final: true, requestId }),
    )
  })

  test.each([
    ['never answers', 'firstByte', ''],
    ['stops within a body', 'idle', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'],
  ])('that %s becomes upstream_timeout', async (_name, which, reply) => {
    const origin = await keepAnswering(() => reply)
    const { upstream } = openUpstream({
      targets: [origin.url],
      timeouts: { [which]: '80ms' },
      retries: { attempts: 0 },
    })
    expect(status(await upstream.forward(forwardRequest()))).toBe('upstream_timeout')
  })

  test('that stops within a stream is cut off by the idle deadline', async () => {
    const origin = await keepAnswering(
      () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n',
    )
    const { upstream } = openUpstream({ targets: [origin.url], timeouts: { idle: '80ms' } })
    const outcome = await upstream.forward(forwardRequest())
    expect(await text(outcome).catch(() => 'broken')).toBe('broken')
    expect(upstream.stats().inFlight).toBe(0)
  })

  test('a route’s own timeout replaces the upstream’s', async () => {
    const origin = await keepAnswering(() => undefined)
    const { upstream } = openUpstream({ targets: [origin.url], retries: { attempts: 0 } })
    const outcome = await upstream.forward(forwardRequest({ timeouts: { totalMs: 60 } }))
    expect(status(outcome)).toBe('upstream_timeout')
  })

  test('is not followed to where it redirects', async () => {
    const origin = await keepAnswering(
      () => 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
    )
    const { upstream } = openUpstream({ targets: [origin.url] })
    const outcome = await upstream.forward(forwardRequest())
    expect(status(outcome)).toBe(302)
    expect(origin.heads).toHaveLength(1)
  })
})

describe('a client that goes away', () => {
  test('before the answer ends the exchange with the upstream', async () => {
    let closed = false
    const origin = await keepAnswering((_head, _count, socket) => {
      socket.on('close', () => (closed = true))
      return undefined
    })
    const { upstream } = openUpstream({ targets: [origin.url] })
    const gate = keep(serveThrough(upstream))
    const abort = new AbortController()
    const request = fetch(gate.url, { signal: abort.signal }).catch(() => 'gone')
    await until(() => origin.heads.length === 1)
    abort.abort()
    expect(await request).toBe('gone')
    await until(() => closed && upstream.stats().inFlight === 0)
    expect(upstream.stats().failures).toBe(0)
  })

  test('within the body ends the exchange with the upstream', async () => {
    let closed = false
    const origin = await keepAnswering((_head, _count, socket) => {
      const timer = setInterval(() => socket.write('5\r\nagain\r\n'), 5)
      socket.on('close', () => {
        clearInterval(timer)
        closed = true
      })
      return 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n'
    })
    const { upstream } = openUpstream({ targets: [origin.url] })
    const gate = keep(serveThrough(upstream))
    const abort = new AbortController()
    const response = await fetch(gate.url, { signal: abort.signal })
    await response.body!.getReader().read()
    abort.abort()
    await until(() => closed && upstream.stats().inFlight === 0)
  })
})

describe('what cannot be forwarded is refused', () => {
  test.each(['CONNECT', 'TRACE', 'NONSENSE', 'get'])('method %s', async (method) => {
    const origin = await keepAnswering(() => answerWith('ok'))
    const { upstream } = openUpstream({ targets: [origin.url] })
    expect(status(await upstream.forward(forwardRequest({ method })))).toBe('method_not_allowed')
    expect(origin.heads).toHaveLength(0)
  })

  test.each([
    'admin',
    '/a/../admin',
    '/a/%2e%2E/admin',
    '/a/.',
    '/a\\b',
    '/..?x',
    '/a\r\nX: y',
    '/a#b',
  ])('path %j', async (path) => {
    const origin = await keepAnswering(() => answerWith('ok'))
    const { upstream } = openUpstream({ targets: [origin.url] })
    expect(status(await upstream.forward(forwardRequest({ path })))).toBe('path_invalid')
    expect(origin.heads).toHaveLength(0)
  })

  test.each(['/a/..b/c', '/a?x=../y', '/a%2Fb/.well-known/x', '/a;b=c/%20?q=%2e%2e'])(
    'but path %j arrives as it is',
    async (path) => {
      const origin = await keepAnswering(() => answerWith('ok'))
      const { upstream } = openUpstream({ targets: [`${origin.url}/base/`] })
      expect(status(await upstream.forward(forwardRequest({ path })))).toBe(200)
      expect(origin.heads[0]).toStartWith(`GET /base${path} HTTP/1.1\r\n`)
    },
  )
})
