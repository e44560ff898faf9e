import { beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cacheEverything } from '../conformance/http-cache-route.fixture.ts'
import { HEAD, stageGate } from './staged-gate.fixture.ts'

/**
 * A public route with `cache: true` and nothing else said is a shared cache by RFC 9111: what caches in front of
 * APIs are known to get wrong, through the whole gate.
 */

setDefaultTimeout(30_000)

interface Seen {
  readonly method: string
  readonly headers: IncomingMessage['headers']
}

let seen: Seen[] = []
let answer: (request: IncomingMessage, response: ServerResponse, times: number) => void

/** Of node:http, for it can end connections in the middle. */
const server = createServer((request, response) => {
  seen.push({ method: request.method ?? '', headers: request.headers })
  request.resume()
  request.on('end', () => answer(request, response, seen.length))
})
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
const origin = {
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  async stop() {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  },
}
const gate = await stageGate(origin, HEAD + cacheEverything(`{ targets: ['${origin.url}'] }`))
beforeEach(() => {
  seen = []
  counting({ 'cache-control': 'max-age=60' })
})

type Fields = Readonly<Record<string, string | readonly string[]>>

/** Answers with a body that counts, and these fields. */
function counting(fields: Fields, status = 200): void {
  answer = (_request, response, times) => {
    response.statusCode = status
    for (const [name, value] of Object.entries(fields)) response.setHeader(name, value)
    response.end(`n${times}`)
  }
}

let pages = 0
const page = (): string => `/page-${++pages}`
const get = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
  fetch(gate.url + path, { method, headers: { 'accept-encoding': 'identity', ...headers } })
const read = async (...asked: Parameters<typeof get>): Promise<string> =>
  (await get(...asked)).text()

/** Whether the second of two equal requests is answered from what is stored. */
async function isReused(fields: Fields, headers: Readonly<Record<string, string>> = {}) {
  counting(fields)
  const path = page()
  await read(path, headers)
  return (await read(path)) === 'n1'
}

describe('credentials (RFC 9111 §3.5)', () => {
  test('for the upstream reach it, and what they got is not for others unless it says so', async () => {
    const authorization = { authorization: 'Basic eDp5' }
    expect(await isReused({ 'cache-control': 'max-age=60' }, authorization)).toBe(false)
    expect(seen[0]?.headers.authorization).toBe('Basic eDp5')
    for (const said of ['public, max-age=60', 's-maxage=60', 'max-age=60, must-revalidate']) {
      seen = []
      expect(await isReused({ 'cache-control': said }, authorization)).toBe(true)
    }
  })

  test('that could be for the gate do not reach it', async () => {
    await read(page(), { authorization: 'Bearer x', 'x-api-key': 'y', cookie: 'a=b' })
    const { authorization, cookie, 'x-api-key': key } = seen[0]?.headers ?? {}
    expect([authorization, cookie, key]).toEqual([undefined, undefined, undefined])
  })
})

describe('what an unsafe method changed (RFC 9111 §4.4)', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'LINK'])(
    'by %s is forgotten, and stays when that failed',
    async (method) => {
      const path = page()
      await read(path)
      counting({ 'cache-control': 'max-age=60' }, 500)
      await read(path, {}, method)
      counting({ 'cache-control': 'max-age=60' })
      expect(await read(path)).toBe('n1')
      await read(path, {}, method)
      expect(await read(path)).toBe('n4')
    },
  )
})

describe('fields', () => {
  test.each([
    ['Age beyond the lifetime', { 'cache-control': 'max-age=60', age: '61' }, false],
    ['the first Age of several', { 'cache-control': 'max-age=60', age: ['61', '0'] }, false],
    ['an Age that is none', { 'cache-control': 'max-age=60', age: '61.5' }, true],
    ['Expires that is no date', { expires: '0' }, false],
    ['a star in a list of Vary', { 'cache-control': 'max-age=60', vary: 'x, *' }, false],
    [
      'CDN-Cache-Control before Cache-Control',
      { 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=60' },
      true,
    ],
    ['CDN-Cache-Control alone', { 'cdn-cache-control': 'max-age=60' }, true],
    [
      'CDN-Cache-Control: no-store',
      { 'cache-control': 'max-age=60', 'cdn-cache-control': 'no-store' },
      false,
    ],
  ] as const)('%s decides', async (_name, fields: Fields, reused) => {
    expect(await isReused(fields)).toBe(reused)
  })

  test('that Connection lists are neither passed on nor stored', async () => {
    counting({ 'cache-control': 'max-age=60', connection: 'a, close', a: '1', b: '2' })
    const path = page()
    for (let count = 0; count < 2; count++) {
      const { headers } = await get(path)
      expect([headers.get('a'), headers.get('b')]).toEqual([null, '2'])
    }
  })

  test('of a 304 replace the stored ones (RFC 9111 §4.3.4)', async () => {
    answer = (request, response, times) => {
      response.setHeader('cache-control', times === 1 ? 'no-cache' : 'max-age=60')
      response.setHeader('etag', '"a"')
      response.setHeader('x', String(times))
      response.statusCode = request.headers['if-none-match'] === '"a"' ? 304 : 200
      response.end(response.statusCode === 200 ? 'body' : undefined)
    }
    const path = page()
    await read(path)
    for (let count = 0; count < 2; count++) {
      const renewed = await get(path)
      expect([renewed.status, await renewed.text(), renewed.headers.get('x')]).toEqual([
        200,
        'body',
        '2',
      ])
    }
    expect(seen).toHaveLength(2)
  })
})

test.each([502, 503, 504])('an answer of %d is not asked for twice', async (status) => {
  counting({}, status)
  expect((await get(page())).status).toBe(status)
  expect(seen).toHaveLength(1)
})

describe('an upstream that closes without a word (RFC 9111 §4.2.4)', () => {
  const closing = (): void => {
    answer = (request) => void request.socket.destroy()
  }

  test.each([
    ['nothing forbids it', 'max-age=1'],
    ['stale-if-error allows it', 'max-age=0, stale-if-error=60'],
  ])('is stood in for where %s', async (_, said) => {
    counting({ 'cache-control': said, age: '1', etag: '"a"' })
    const path = page()
    await read(path)
    closing()
    const stale = await get(path)
    expect([stale.status, await stale.text()]).toEqual([200, 'n1'])
    expect(stale.headers.get('cache-status')).toContain('detail=stale-if-error')
  })

  test.each(['must-revalidate', 'proxy-revalidate', 's-maxage=1', 'no-cache'])(
    'is not where the response says %s: clients get 504, and nothing of it',
    async (said) => {
      counting({ 'cache-control': `max-age=1, ${said}`, age: '1', etag: '"a"', x: 'stored' })
      const path = page()
      expect(await read(path)).toBe('n1')
      closing()
      const refused = await get(path)
      expect([refused.status, refused.headers.get('x')]).toEqual([504, null])
      expect(await refused.text()).toContain('may not be used without asking')
      counting({ 'cache-control': 'max-age=60' })
      expect(await read(path)).toBe(`n${seen.length}`)
    },
  )
})

describe('parts of content', () => {
  const CONTENT = Array.from({ length: 1000 }, (_, at) => String(at % 10)).join('')
  beforeEach(() => {
    answer = (request, response) => {
      const { range = '', 'if-range': ifRange } = request.headers
      const match = /^bytes=(\d+)-(\d*)$/.exec(range)
      response.setHeader('etag', '"v1"')
      response.setHeader('cache-control', 'max-age=60')
      if (match === null || (ifRange !== undefined && ifRange !== '"v1"')) {
        response.end(CONTENT)
        return
      }
      const first = Number(match[1])
      const last = match[2] === '' ? CONTENT.length - 1 : Number(match[2])
      response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${CONTENT.length}` })
      response.end(CONTENT.slice(first, last + 1))
    }
  })

  test('are stored, joined and completed', async () => {
    const path = page()
    expect((await get(path, { range: 'bytes=0-99' })).status).toBe(206)
    expect(await read(path, { range: 'bytes=100-199' })).toBe(CONTENT.slice(100, 200))
    const within = await get(path, { range: 'bytes=50-149' })
    expect([within.status, await within.text()]).toEqual([206, CONTENT.slice(50, 150)])
    expect(within.headers.get('content-range')).toBe('bytes 50-149/1000')
    expect(within.headers.get('cache-status')).toStartWith('Tollgate; hit')
    expect(seen).toHaveLength(2)
    const whole = await get(path)
    expect([whole.status, await whole.text()]).toEqual([200, CONTENT])
    expect(whole.headers.get('content-length')).toBe('1000')
    expect(seen[2]?.headers.range).toBe('bytes=200-')
    expect(await read(path)).toBe(CONTENT)
    expect(seen).toHaveLength(3)
  })

  test('are forgotten by a purge of their URL like anything else', async () => {
    const path = page()
    await read(path, { range: 'bytes=0-99' })
    await read(path, {}, 'DELETE')
    await read(path, { range: 'bytes=0-99' })
    expect(seen).toHaveLength(3)
  })
})

describe('the Host that a client writes', () => {
  const names = ['api.test', 'api.test:80', 'api.test:443', 'API.test']

  test('is in the key as the upstream is told it: nobody gets an address with the port of another', async () => {
    answer = (request, response) => {
      const host = String(request.headers['x-forwarded-host'])
      response.setHeader('cache-control', 'max-age=60')
      response.end(`https://${host}/next`)
    }
    const path = page()
    for (const host of [...names, ...names]) {
      expect(await read(path, { host })).toBe(`https://${host}/next`)
    }
    expect(seen).toHaveLength(names.length)
  })

  test('names the same resource in all spellings: a change by one makes the others forget', async () => {
    const path = page()
    for (const host of names) await read(path, { host })
    await get(path, { host: 'api.test' }, 'POST')
    const before = seen.length
    for (const host of names) await read(path, { host })
    expect(seen).toHaveLength(before + names.length)
  })
})
