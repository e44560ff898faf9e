import { describe, expect, test } from 'bun:test'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toTermText } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BUILTINS, BuiltinError } from '../index.ts'
import type { BuiltinContext } from '../index.ts'
import { call, stillContext } from './support.ts'

async function callAsync(
  name: string,
  args: readonly Value[],
  context: BuiltinContext,
): Promise<Value | undefined> {
  return BUILTINS.get(name)!.callAsync!(context, args)
}

async function failureOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'nothing failed',
    (error: unknown) => (error instanceof BuiltinError ? error.message : String(error)),
  )
}

/** A server that counts its requests and echoes them. */
async function withServer(run: (url: string, requests: string[]) => Promise<void>): Promise<void> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (request.url === '/slow') return
    if (request.url === '/away') {
      response.writeHead(302, { location: '/here' }).end()
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          header: request.headers['x-test'],
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const online = (): BuiltinContext => stillContext({ fetch: async (url, init) => fetch(url, init) })

describe('http.send', () => {
  test('answers status, headers and the decoded body', async () => {
    await withServer(async (url) => {
      const request = {
        method: 'post',
        url: `${url}/a`,
        headers: { 'X-Test': 'yes' },
        body: { n: 1 },
      }
      const answer = (await callAsync('http.send', [request], online())) as { [key: string]: Value }
      expect(answer['status_code']).toBe(200)
      expect(answer['body']).toEqual({ header: 'yes', body: '{"n":1}' })
      expect((answer['headers'] as { [key: string]: Value })['content-type']).toEqual([
        'application/json',
      ])
    })
  })

  test('asks once for equal requests of one query', async () => {
    await withServer(async (url, requests) => {
      const context = online()
      const request = { method: 'get', url }
      const first = await callAsync('http.send', [request], context)
      expect(await callAsync('http.send', [{ url, method: 'get' }], context)).toEqual(first)
      expect(requests).toEqual(['GET /'])
      await callAsync('http.send', [request], online())
      expect(requests).toEqual(['GET /', 'GET /'])
    })
  })

  test('follows redirects only when told to', async () => {
    await withServer(async (url, requests) => {
      const request = { method: 'get', url: `${url}/away` }
      expect(await callAsync('http.send', [request], online())).toMatchObject({ status_code: 302 })
      expect(
        await callAsync('http.send', [{ ...request, enable_redirect: true }], online()),
      ).toMatchObject({ status_code: 200 })
      expect(requests).toEqual(['GET /away', 'GET /away', 'GET /here'])
    })
  })

  test('gives up after its timeout', async () => {
    await withServer(async (url) => {
      const request = { method: 'get', url: `${url}/slow`, timeout: '50ms' }
      expect(await failureOf(callAsync('http.send', [request], online()))).toContain(
        'request timed out',
      )
    })
  })

  test('fails unless told to answer failures as values', async () => {
    const context = stillContext({ fetch: () => Promise.reject(new Error('connection refused')) })
    const request = { method: 'get', url: 'http://127.0.0.1:1' }
    expect(await failureOf(callAsync('http.send', [request], context))).toContain(
      'http.send: Get "http://127.0.0.1:1": connection refused',
    )
    expect(await callAsync('http.send', [{ ...request, raise_error: false }], context)).toEqual({
      status_code: 0,
      error: { code: 'eval_http_send_network_error', message: 'connection refused' },
    })
  })

  test('is refused where the host gives no way to send', async () => {
    expect(
      await failureOf(
        callAsync('http.send', [{ method: 'get', url: 'http://127.0.0.1' }], stillContext()),
      ),
    ).toContain('requests are not allowed')
  })

  test('tells a malformed request without waiting', () => {
    expect(() => call('http.send', '[{"method":"get","url":"http://x","bad":1}]')).toThrow(
      'invalid request parameters(s): {"bad"}',
    )
    expect(() => call('http.send', '[{"method":"get"}]')).toThrow(
      'missing required request parameters(s): {"url"}',
    )
  })
})

describe('net.lookup_ip_addr', () => {
  test('asks the host for names and answers addresses itself', async () => {
    const context = stillContext({ lookup: () => Promise.resolve(['192.0.2.2', '192.0.2.1']) })
    expect(toTermText((await callAsync('net.lookup_ip_addr', ['example.com'], context))!)).toBe(
      '{"192.0.2.1", "192.0.2.2"}',
    )
    expect(toTermText((await callAsync('net.lookup_ip_addr', ['::1'], stillContext()))!)).toBe(
      '{"::1"}',
    )
    expect(
      await failureOf(callAsync('net.lookup_ip_addr', ['example.com'], stillContext())),
    ).toContain('name lookups are not allowed')
  })
})
