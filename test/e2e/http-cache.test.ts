import { beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { playOrigin, stageGate } from './staged-gate.fixture.ts'

/** Caching through the whole gate: what reaches the upstream, and who gets what. */

setDefaultTimeout(30_000)

type Answer = (request: Request, times: number) => Response | Promise<Response>

let answer: Answer = () => new Response('')
let seen: Request[] = []

const origin = playOrigin((request) => {
  seen.push(request)
  return answer(request, seen.length)
})
const gate = await stageGate(
  origin,
  `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
defaults: { limits: [], bodyMax: 8MiB }
upstreams:
  app:
    targets: ['${origin.url}']
    breaker: false
    ejection: { consecutiveFailures: 100000 }
    retries: { attempts: 0 }
routes:
  - id: plain
    path: /plain/{rest...}
    credentials: [anonymous]
    upstream: app
  - id: cached
    path: /{rest...}
    methods: [GET, POST, PUT, DELETE]
    credentials: [anonymous]
    upstream: app
    cache: true
  - id: small
    path: /small/{rest...}
    credentials: [anonymous]
    upstream: app
    cache: { bodyMax: 100KiB, compress: { streams: true } }
`,
)
beforeEach(() => {
  seen = []
})

const FRESH = { 'cache-control': 'max-age=60', 'content-type': 'text/plain' }
const counting: Answer = (_, times) => new Response(`n${times}`, { headers: FRESH })

const get = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
  fetch(gate.url + path, { method, headers: { 'accept-encoding': 'identity', ...headers } })
const text = async (path: string, headers = {}, method = 'GET'): Promise<string> =>
  (await get(path, headers, method)).text()

describe('a route', () => {
  test('without `cache` caches nothing and says nothing of it', async () => {
    answer = counting
    expect([await text('/plain/a'), await text('/plain/a')]).toEqual(['n1', 'n2'])
    expect((await get('/plain/a')).headers.has('cache-status')).toBe(false)
  })

  test('with `cache: true` answers from what is stored', async () => {
    answer = counting
    expect([await text('/a'), await text('/a'), await text('/a?x=1')]).toEqual(['n1', 'n1', 'n2'])
    const hit = await get('/a')
    expect(hit.headers.get('cache-status')).toMatch(/^Tollgate; hit; ttl=\d+$/)
    expect(hit.headers.get('age')).toMatch(/^\d+$/)
    expect(hit.headers.get('content-type')).toBe('text/plain')
    expect(hit.headers.has('transfer-encoding')).toBe(false)
  })

  test('keeps hosts apart: what one is told is not for another', async () => {
    answer = (request) => new Response(request.headers.get('x-forwarded-host'), { headers: FRESH })
    expect(await text('/host', { host: 'a.test' })).toBe('a.test')
    expect(await text('/host', { host: 'b.test' })).toBe('b.test')
    expect(await text('/host', { host: 'A.test' })).toBe('A.test')
  })

  test('obeys CDN-Cache-Control before Cache-Control', async () => {
    answer = (_, times) =>
      new Response(`n${times}`, {
        headers: { 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store' },
      })
    expect([await text('/cdn'), await text('/cdn')]).toEqual(['n1', 'n1'])
    answer = (_, times) =>
      new Response(`n${times}`, {
        headers: { 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=60' },
      })
    seen = []
    expect([await text('/cdn-off'), await text('/cdn-off')]).toEqual(['n1', 'n2'])
  })

  test('forgets what a change touched', async () => {
    answer = counting
    await text('/changed')
    await text('/changed', {}, 'DELETE')
    expect(await text('/changed')).toBe('n3')
  })
})

describe('many requests at once', () => {
  test('for one cold key reach the upstream once', async () => {
    answer = async (_, times) => {
      await Bun.sleep(50)
      return new Response(`n${times}`, { headers: FRESH })
    }
    const bodies = await Promise.all(Array.from({ length: 100 }, () => text('/cold')))
    expect(seen).toHaveLength(1)
    expect(new Set(bodies)).toEqual(new Set(['n1']))
  })

  test('for what is private all reach it, each with an answer of its own', async () => {
    answer = async (_, times) => {
      await Bun.sleep(20)
      return new Response(`n${times}`, { headers: { 'cache-control': 'private, max-age=60' } })
    }
    const bodies = await Promise.all(Array.from({ length: 30 }, () => text('/mine')))
    expect(new Set(bodies).size).toBe(30)
  })
})

describe('an upstream that fails', () => {
  test('is stood in for by what is stored, where that is allowed', async () => {
    answer = (_, times) =>
      new Response(`n${times}`, { headers: { 'cache-control': 'max-age=0, stale-if-error=60' } })
    await text('/sie')
    answer = () => new Response('broken', { status: 503 })
    const stale = await get('/sie')
    expect([stale.status, await stale.text()]).toEqual([200, 'n1'])
    expect(stale.headers.get('cache-status')).toContain('stale-if-error')
    expect((await get('/never-stored')).status).toBe(503)
  })

  test('is asked in the background while what is stored is served', async () => {
    answer = (_, times) =>
      new Response(`n${times}`, {
        headers: { 'cache-control': 'max-age=0, stale-while-revalidate=60' },
      })
    await text('/swr')
    const { promise, resolve } = Promise.withResolvers<void>()
    answer = async () => {
      await promise
      return new Response('new', { headers: FRESH })
    }
    expect(await text('/swr')).toBe('n1')
    expect(await text('/swr')).toBe('n1')
    resolve()
    let now = 'n1'
    while (now === 'n1') now = await text('/swr')
    expect(now).toBe('new')
    expect(seen).toHaveLength(2)
  })
})

describe('bodies', () => {
  test('are stored while they pass, at any size within the bound', async () => {
    for (const size of [0, 1, 11_999, 12_289, 65_536, 65_537, 300_000]) {
      seen = []
      const body = 'x'.repeat(size)
      answer = () => new Response(body, { headers: FRESH })
      for (let time = 0; time < 2; time += 1) {
        expect((await text(`/size/${size}`)).length).toBe(size)
      }
      expect(seen).toHaveLength(1)
    }
  })

  test('beyond the bound pass whole and are not stored', async () => {
    const part = new Uint8Array(50_000).fill(120)
    answer = () => {
      let parts = 0
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (parts === 20) controller.close()
          else controller.enqueue(part)
          parts += 1
        },
      })
      return new Response(body, { headers: FRESH })
    }
    for (let time = 0; time < 2; time += 1) {
      expect((await text('/small/large')).length).toBe(1_000_000)
    }
    expect(seen).toHaveLength(2)
  })

  test('are sent in the coding that the client prefers', async () => {
    const body = JSON.stringify(Array.from({ length: 500 }, (_, at) => ({ at, name: 'thing' })))
    answer = () => new Response(body, { headers: { ...FRESH, 'content-type': 'application/json' } })
    await text('/coded')
    for (const coding of ['br', 'gzip', 'zstd']) {
      const response = await get('/coded', { 'accept-encoding': coding })
      expect(response.headers.get('content-encoding')).toBe(coding)
      expect(response.headers.get('vary')).toBe('accept-encoding')
      expect(response.headers.get('etag')).toStartWith('W/"t-')
      expect(await response.text()).toBe(body)
    }
    expect(seen).toHaveLength(1)
    answer = () => new Response(body, { headers: { 'content-type': 'application/json' } })
    const passing = await get('/small/coded', { 'accept-encoding': 'gzip' })
    expect(passing.headers.get('content-encoding')).toBe('gzip')
    expect(await passing.text()).toBe(body)
  })

  test('are served in parts and by conditions from what is stored', async () => {
    answer = () => new Response('0123456789', { headers: { ...FRESH, etag: '"e"' } })
    await text('/parts')
    const part = await get('/parts', { range: 'bytes=2-4' })
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ])
    expect((await get('/parts', { 'if-none-match': '"e"' })).status).toBe(304)
    const head = await get('/parts', {}, 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
    expect(seen).toHaveLength(1)
  })
})

describe('a client that goes away', () => {
  /** An endless private stream that tells when nobody wants it any longer. */
  const endless = (): { readonly response: Response; readonly ended: Promise<void> } => {
    let end: () => void = () => undefined
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await Bun.sleep(5)
        controller.enqueue(new Uint8Array(1000))
      },
      cancel: () => end(),
    })
    return { response: new Response(body, { headers: { 'cache-control': 'private' } }), ended }
  }

  test('while a response comes that is for it alone lets the upstream go', async () => {
    const stream = endless()
    answer = () => stream.response
    const abort = new AbortController()
    const response = await fetch(`${gate.url}/endless`, { signal: abort.signal })
    await response.body?.getReader().read()
    abort.abort()
    await stream.ended
  })

  test('before the response begins lets the upstream go as well', async () => {
    const stream = endless()
    const asked = Promise.withResolvers<void>()
    const begin = Promise.withResolvers<void>()
    answer = async () => {
      asked.resolve()
      await begin.promise
      return stream.response
    }
    const abort = new AbortController()
    const response = fetch(`${gate.url}/endless-late`, { signal: abort.signal })
    await asked.promise
    abort.abort()
    expect(response).rejects.toThrow()
    begin.resolve()
    await stream.ended
  })

  test('does not take from others what they wait for', async () => {
    const asked = Promise.withResolvers<void>()
    const begin = Promise.withResolvers<void>()
    answer = async () => {
      asked.resolve()
      await begin.promise
      return new Response('for all', { headers: FRESH })
    }
    const abort = new AbortController()
    const first = fetch(`${gate.url}/shared-wait`, { signal: abort.signal })
    await asked.promise
    const second = text('/shared-wait')
    abort.abort()
    expect(first).rejects.toThrow()
    begin.resolve()
    expect(await second).toBe('for all')
    expect(seen).toHaveLength(1)
  })
})

test('what Location names is forgotten in whatever notation it is written', async () => {
  answer = counting
  const before = await text('/noted/%7Ea')
  expect(await text('/noted/~a')).toBe(before)
  answer = () => new Response('', { status: 201, headers: { location: '/noted/x/../%7ea' } })
  await text('/elsewhere', {}, 'POST')
  answer = counting
  expect(await text('/noted/~a')).not.toBe(before)
})
