import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import { CLOSE, get, text, useListener } from './listener.fixture.ts'
import { bodyOf, exchange } from './raw-client.fixture.ts'

const listeners = useListener()

const echo = async (request: IncomingRequest): Promise<PlainAnswer> =>
  new PlainAnswer(200, [], await request.text())

describe('a request', () => {
  test('comes with method, target, fields, body and the address of the peer', async () => {
    const port = listeners.listen({
      handle: (request, connection) => {
        const seen = {
          method: request.method,
          target: request.target,
          type: request.headers.get('Content-Type'),
          body: request.text(),
          peer: connection.peerAddress(request),
          scheme: connection.scheme,
        }
        return new PlainAnswer(200, [['content-type', 'application/json']], JSON.stringify(seen))
      },
    })
    const response = await fetch(`http://127.0.0.1:${port}/a/../b%2F?c=%20`, {
      method: 'PUT',
      headers: { 'content-type': 'x/y' },
      body: 'größer',
    })
    expect(await response.json()).toEqual({
      method: 'PUT',
      target: '/b%2F?c=%20',
      type: 'x/y',
      body: 'größer',
      peer: '127.0.0.1',
      scheme: 'http',
    })
  })

  test('keeps its target as it was sent', async () => {
    const received = await exchange(listeners.listen(), get('/a/../b/./c\\d?e#f', CLOSE))
    expect(bodyOf(received)).toBe('GET /a/../b/./c\\d?e#f')
  })

  test('can be read as bytes, as text, as a stream and as a request of the web', async () => {
    const port = listeners.listen({
      handle: async (request) => {
        const how = request.target.slice(1)
        if (how === 'arrived') return text(Buffer.from(request.arrived ?? []).toString())
        if (how === 'text') return text(await request.text())
        if (how === 'stream') return text(await new Response(request.body).text())
        const web = request.toRequest()
        return text(`${web.method} ${web.url} ${web.headers.get('x-a')} ${await web.text()}`)
      },
    })
    const url = `http://127.0.0.1:${port}`
    for (const how of ['arrived', 'text', 'stream']) {
      const response = await fetch(`${url}/${how}`, { method: 'POST', body: 'Bäume' })
      expect(await response.text()).toBe('Bäume')
    }
    const init = { method: 'POST', body: 'x', headers: { 'x-a': '1' } }
    expect(await (await fetch(`${url}/web`, init)).text()).toBe(`POST ${url}/web 1 x`)
    expect(await (await fetch(`${url}/web`)).text()).toBe(`GET ${url}/web null `)
  })

  test('without a body has none', async () => {
    const port = listeners.listen({
      handle: (request) =>
        text(
          `${request.body === null} ${typeof request.arrived} ${JSON.stringify(request.text())}`,
        ),
    })
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('true undefined ""')
  })

  test('whose text begins with a byte order mark loses it, as the web does it', async () => {
    const response = await fetch(`http://127.0.0.1:${listeners.listen({ handle: echo })}/`, {
      method: 'POST',
      body: '\uFEFF{}',
    })
    expect(await response.text()).toBe('{}')
  })
})
