import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
} from '../../src/server/gate-process.fixture.ts'

/** What a stranger may write on the wire: everything odd is refused, nothing internal leaks. */

const seen: string[] = []
const upstream = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request) {
    seen.push(request.url)
    return new Response('upstream')
  },
})

const CONFIG = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
limits:
  few: { kind: bucket, limit: 2, window: 1h, by: address }
defaults: { limits: [] }
upstreams:
  app: { targets: ['${upstream.url.href}'] }
routes:
  - { id: public, path: '/public/{rest...}', methods: [GET, POST], credentials: [anonymous], upstream: app }
  - { id: secret, path: '/secret/{rest...}', upstream: app }
  - { id: few, path: /few, credentials: [anonymous], limits: [few], respond: { body: ok } }
`

let gate: GateProcess
beforeAll(async () => {
  gate = await startGateProcess(makeFolder(CONFIG))
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
  await upstream.stop(true)
})

/** Sends bytes as they stand; answers all that comes until the connection ends. */
async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(gate.url)
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => {
      socket.write(text)
    })
    socket.on('data', (data) => {
      answer += data.toString('latin1')
    })
    socket.on('error', () => resolve(answer))
    socket.on('close', () => resolve(answer))
  })
}

const request = (line: string, ...headers: string[]): string =>
  [line, ...headers, 'Connection: close', '', ''].join('\r\n')

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)

describe('what is refused before any upstream hears of it', () => {
  test.each([
    ['two Host lines', request('GET /public/x HTTP/1.1', 'Host: a', 'Host: b'), 400],
    ['no Host', request('GET /public/x HTTP/1.1'), 400],
    ['an empty Host', request('GET /public/x HTTP/1.1', 'Host:'), 400],
    ['a Host with a path', request('GET /public/x HTTP/1.1', 'Host: a/secret'), 400],
    ['a Host with user information', request('GET /public/x HTTP/1.1', 'Host: user@a'), 400],
    ['a Host with a port that cannot be', request('GET /public/x HTTP/1.1', 'Host: a:99999'), 400],
    ['CONNECT', request('CONNECT evil:80 HTTP/1.1', 'Host: evil:80'), 0],
    ['TRACE', request('TRACE /public/x HTTP/1.1', 'Host: a'), 405],
    ['a method in lowercase', request('get /public/x HTTP/1.1', 'Host: a'), 0],
    ['an unknown method', request('BREW /public/x HTTP/1.1', 'Host: a'), 0],
    ['an encoded slash', request('GET /public/a%2fb HTTP/1.1', 'Host: a'), 400],
    ['an encoded backslash', request('GET /public/a%5Cb HTTP/1.1', 'Host: a'), 400],
    ['an encoded NUL', request('GET /public/a%00 HTTP/1.1', 'Host: a'), 400],
    ['double encoding', request('GET /public/a%252fb HTTP/1.1', 'Host: a'), 400],
    ['a half escape', request('GET /public/a%2 HTTP/1.1', 'Host: a'), 400],
    [
      'length and chunks at once',
      request(
        'POST /public/x HTTP/1.1',
        'Host: a',
        'Content-Length: 3',
        'Transfer-Encoding: chunked',
      ),
      400,
    ],
    [
      'two lengths',
      request('POST /public/x HTTP/1.1', 'Host: a', 'Content-Length: 3', 'Content-Length: 4'),
      400,
    ],
    ['a folded header', request('GET /public/x HTTP/1.1', 'Host: a', 'X: a', ' b'), 400],
  ])('%s', async (_name, bytes, status) => {
    const before = seen.length
    const answer = await raw(bytes)
    const got = statusOf(answer)
    // 0 stands for: refused in whatever way, by the server or the gate.
    if (status === 0) expect([0, 400, 404, 405, 501]).toContain(got)
    else expect(got).toBe(status)
    expect(seen.length).toBe(before)
    expect(answer).not.toMatch(/\n\s+at |node_modules|\.ts:\d/)
  })

  test.each([
    ['/public/../secret/x', 401],
    ['/public/%2e%2e/secret/x', 401],
    ['/public/%2E%2e/secret/x', 401],
    ['/public/..\\secret/x', 401],
    ['/public/./../secret/x', 401],
    ['//secret/x', 404],
    ['/SECRET/x', 404],
    ['/secret;v=1/x', 404],
  ])('%s never reaches the secret without a credential', async (path, status) => {
    const before = seen.length
    const got = statusOf(await raw(request(`GET ${path} HTTP/1.1`, 'Host: a')))
    expect([status, 400]).toContain(got)
    expect(seen.length).toBe(before)
  })

  test('the absolute form names the path alone; its host is not believed over Host', async () => {
    const answer = await raw(request('GET http://elsewhere/secret/x HTTP/1.1', 'Host: a'))
    expect([400, 401]).toContain(statusOf(answer))
    const open = await raw(request('GET http://elsewhere/public/x HTTP/1.1', 'Host: a'))
    expect([200, 400]).toContain(statusOf(open))
  })
})

describe('a refusal', () => {
  test('is problem+json with a request id, and nothing internal', async () => {
    const answer = await fetch(`${gate.url}/secret/x`)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const problem = (await answer.json()) as Record<string, unknown>
    const requestId = answer.headers.get('x-request-id') ?? ''
    expect(requestId).toMatch(/^[\w-]{10,}$/)
    expect(problem).toEqual({
      type: '/problems/credential_missing',
      title: expect.any(String),
      status: 401,
      instance: `urn:tollgate:request:${requestId}`,
      code: 'credential_missing',
      requestId,
    })
  })

  test('of a limit says when to come again', async () => {
    for (let at = 0; at < 2; at += 1) expect((await fetch(`${gate.url}/few`)).status).toBe(200)
    const answer = await fetch(`${gate.url}/few`)
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answer.headers.get('ratelimit')).toContain('r=0')
  })

  test('of a method names those that work; of an upstream that is gone tells nothing of it', async () => {
    const wrong = await fetch(`${gate.url}/few`, { method: 'DELETE' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    const { port } = upstream
    await upstream.stop(true)
    const gone = await fetch(`${gate.url}/public/x`)
    const text = await gone.text()
    expect(gone.status).toBe(502)
    expect(text).toContain('"code":"upstream_failed"')
    expect(text).not.toContain(String(port))
  })
})
