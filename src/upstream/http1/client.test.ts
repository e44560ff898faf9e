import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import {
  answered,
  answerWith,
  forwardRequest,
  openUpstream,
  serveHeads,
  serveRaw,
  until,
} from '../test-kit.ts'
import { createHttpClient } from './client.ts'
import type { HttpClient } from './client.ts'
import type { WireRequest, WireResponse } from './types.ts'

const open: { stop(): unknown }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop()
})

function clientOf(port: number, connectTimeoutMs = 3000): HttpClient {
  const address = { host: '127.0.0.1', port, unix: undefined, tls: undefined }
  const client = createHttpClient({ address, connectTimeoutMs, idleMax: 8, clock: systemClock })
  open.push({ stop: () => client.close() })
  return client
}

const get = (more: Partial<WireRequest> = {}): WireRequest => ({
  method: 'GET',
  head: 'GET / HTTP/1.1\r\nhost: a\r\n',
  body: { kind: 'none' },
  repeatable: true,
  wholeBytesMax: 65_536,
  ...more,
})

const textOf = (response: WireResponse): string =>
  response.body instanceof Uint8Array ? Buffer.from(response.body).toString() : ''

async function serve(
  answer: Parameters<typeof serveHeads>[0],
): Promise<{ heads: string[]; client: HttpClient; connections: () => number }> {
  const sockets = new Set<unknown>()
  const origin = await serveHeads((head, count, socket) => {
    sockets.add(socket)
    return answer(head, count, socket)
  })
  open.push(origin)
  return { heads: origin.heads, client: clientOf(origin.port), connections: () => sockets.size }
}

describe('a connection', () => {
  test('is kept and used again', async () => {
    const { client, connections } = await serve((_head, count) => answerWith(`answer ${count}`))
    for (const count of [1, 2, 3]) {
      expect(textOf(await client.send(get()).response)).toBe(`answer ${count}`)
    }
    expect([connections(), client.idle]).toEqual([1, 1])
  })

  test.each([
    [
      'the server says close',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
    ],
    ['the server is HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    [
      'bytes follow the answer',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n',
    ],
    [
      'length and coding contradict',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
  ])('is not kept when %s', async (_name, answer) => {
    const { client, connections } = await serve(() => answer)
    for (const _ of [1, 2]) {
      const { body } = await client.send(get()).response
      expect(await new Response(body as BodyInit).text()).toBe('ok')
    }
    expect([connections(), client.idle]).toEqual([2, 0])
  })

  test.each([
    '204 No Content\r\nContent-Length: 5',
    '204 No Content\r\nTransfer-Encoding: chunked',
    '304 Not Modified\r\nContent-Length: 5',
  ])('is not kept after %p: what it announces may come before the next answer', async (start) => {
    let speak = (): void => {}
    const { client, connections } = await serve((_head, count, socket) => {
      if (count > 1) return answerWith('own')
      speak = () => void socket.write(answerWith('another one'))
      return `HTTP/1.1 ${start}\r\n\r\n`
    })
    expect((await client.send(get()).response).body).toBeNull()
    const asked = client.send(get()).response
    speak()
    expect(textOf(await asked)).toBe('own')
    expect(connections()).toBe(2)
  })

  test('that carried HEAD carries nothing but HEAD, for some servers send content all the same', async () => {
    let speak = (): void => {}
    const { client, connections } = await serve((head, _count, socket) => {
      if (head.startsWith('GET')) return answerWith('own')
      speak = () => void socket.write(answerWith('another one'))
      return 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n'
    })
    const head = get({ method: 'HEAD', head: 'HEAD / HTTP/1.1\r\nhost: a\r\n' })
    expect((await client.send(head).response).body).toBeNull()
    const asked = client.send(get()).response
    speak()
    expect(textOf(await asked)).toBe('own')
    await until(() => client.idle === 1)
    expect(connections()).toBe(2)
  })

  test('that carried HEAD is used again for HEAD', async () => {
    const { client, connections } = await serve(() => 'HTTP/1.1 200 OK\r\nETag: "a"\r\n\r\n')
    const head = get({ method: 'HEAD', head: 'HEAD / HTTP/1.1\r\nhost: a\r\n' })
    for (const _ of [1, 2, 3]) await client.send(head).response
    expect([connections(), client.idle]).toEqual([1, 1])
  })

  test('that carried HEAD gives way to others when no more are kept', async () => {
    const { client, connections } = await serve((head) =>
      head.startsWith('GET') ? answerWith('own') : 'HTTP/1.1 200 OK\r\nETag: "a"\r\n\r\n',
    )
    const head = get({ method: 'HEAD', head: 'HEAD / HTTP/1.1\r\nhost: a\r\n' })
    await Promise.all(Array.from({ length: 8 }, () => client.send(head).response))
    expect(client.idle).toBe(8)
    for (const _ of [1, 2, 3]) await client.send(get()).response
    expect([connections(), client.idle]).toEqual([9, 8])
  })

  test('on which the server speaks unasked is closed', async () => {
    let speak = (): void => {}
    const { client } = await serve((_head, _count, socket) => {
      speak = () => void socket.write(answerWith('poison'))
      return answerWith('ok')
    })
    await client.send(get()).response
    expect(client.idle).toBe(1)
    speak()
    await until(() => client.idle === 0)
  })

  test('that the server closed meanwhile is replaced, when the request may be repeated', async () => {
    const { client, heads } = await serve((_head, count, socket) => {
      if (count !== 2) return answerWith(`answer ${count}`)
      socket.destroy()
      return undefined
    })
    await client.send(get()).response
    expect(textOf(await client.send(get()).response)).toBe('answer 3')
    expect(heads).toHaveLength(3)
  })

  test('that cannot be made in time is given up', async () => {
    // An address of RFC 5737, which nothing answers from: the network drops or rejects it.
    const address = { host: '192.0.2.1', port: 9, unix: undefined, tls: undefined }
    const client = createHttpClient({
      address,
      connectTimeoutMs: 50,
      idleMax: 1,
      clock: systemClock,
    })
    const failed = client.send(get()).response.catch((error: unknown) => error)
    expect(await failed).toMatchObject({ failure: 'connect' })
  })

  test('is not waited for by a request that is aborted', async () => {
    const silent = await serveRaw(() => {})
    open.push(silent)
    const sending = clientOf(silent.port).send(get())
    sending.abort()
    expect(await sending.response.catch(() => 'failed')).toBe('failed')
  })
})

describe('an answer', () => {
  test('comes after interim ones', async () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    const { client } = await serve(() => interim + answerWith('ok'))
    expect(textOf(await client.send(get()).response)).toBe('ok')
  })

  test.each([
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
  ])('that is %s is refused', async (_name, answer) => {
    const { client } = await serve(() => answer)
    const failed = client.send(get()).response.catch((error: unknown) => error)
    expect(await failed).toMatchObject({ failure: 'protocol' })
  })

  test('arrives whole when it comes byte by byte', async () => {
    const answer =
      'HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=f\r\nde\r\n0\r\nT: u\r\n\r\n'
    const { client } = await serve((_head, _count, socket) => {
      void (async () => {
        for (const character of answer) {
          socket.write(character)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      return undefined
    })
    const { body, head } = await client.send(get()).response
    expect(head.names).toContain('x-a')
    expect(await new Response(body as BodyInit).text()).toBe('abcde')
    await until(() => client.idle === 1)
  })
})

test.each([
  [
    'all there',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
  ],
  ['of no bytes', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
])('a body in chunks that is %s is handed over whole', async (_name, answer) => {
  const { client, connections } = await serve(() => answer)
  for (const _ of [1, 2]) {
    const response = await client.send(get()).response
    expect(response.body).toBeInstanceOf(Uint8Array)
    expect(textOf(response)).toBe(answer.includes('abc') ? 'abcde' : '')
  }
  expect([connections(), client.idle]).toEqual([1, 1])
})

test('a body in chunks that are malformed from the start is no answer', async () => {
  const { client } = await serve(
    () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
  )
  const failed = client.send(get()).response
  expect(await failed.catch((error: Error) => error.name)).toBe('WireError')
})

test('a body of another length than announced breaks the request off, not the next one', async () => {
  const { client } = await serve(() => undefined)
  const stream = new Blob(['too long']).stream()
  const body = { kind: 'stream', stream, length: 3, onWait() {}, onChunk() {} } as const
  const failed = client.send(get({ method: 'PUT', body, repeatable: false })).response
  expect(await failed.catch(() => 'failed')).toBe('failed')
  expect(client.idle).toBe(0)
})

test('a Unix socket is an address too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-unix-'))
  const unix = join(folder, 'app.sock')
  const server = Bun.serve({
    unix,
    fetch: (request) => new Response(new URL(request.url).pathname),
  })
  open.push({
    stop() {
      void server.stop(true)
      rmSync(folder, { recursive: true })
    },
  })
  const { upstream } = openUpstream({ targets: [`unix:${unix}`] })
  const response = answered(await upstream.forward(forwardRequest({ path: '/over/there' })))
  expect(await response.text()).toBe('/over/there')
})

const openssl = Bun.which('openssl')
describe.skipIf(openssl === null)('over TLS (with openssl to make a certificate)', () => {
  function serveTls(): { url: string; ca: string } {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-tls-'))
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const files = ['-keyout', keyFile, '-out', certFile]
    const made = Bun.spawnSync([openssl ?? '', 'req', '-x509', ...kind, ...subject, ...files])
    if (!made.success) throw new Error(made.stderr.toString())
    const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')]
    rmSync(folder, { recursive: true })
    const server = Bun.serve({ port: 0, tls: { key, cert }, fetch: () => new Response('secret') })
    open.push({ stop: () => server.stop(true) })
    return { url: `https://localhost:${server.port}`, ca: cert }
  }

  test('a certificate that is not trusted is refused', async () => {
    const { url } = serveTls()
    const { upstream } = openUpstream({ targets: [url], retries: { attempts: 0 } })
    expect(await upstream.forward(forwardRequest())).toMatchObject({ code: 'upstream_failed' })
  })

  test('a certificate of a trusted authority for that name is accepted', async () => {
    const { url, ca } = serveTls()
    const { upstream } = openUpstream({ targets: [url], tls: { ca } })
    const response = answered(await upstream.forward(forwardRequest()))
    expect(await response.text()).toBe('secret')
  })

  test('a certificate for another name is refused', async () => {
    const { url, ca } = serveTls()
    const tls = { ca, serverName: 'elsewhere.example' }
    const { upstream } = openUpstream({ targets: [url], tls, retries: { attempts: 0 } })
    expect(await upstream.forward(forwardRequest())).toMatchObject({ code: 'upstream_failed' })
  })
})
