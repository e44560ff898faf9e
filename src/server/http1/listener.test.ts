import { afterEach, describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import type { Http1Listener } from './listener.ts'
import type { Http1ListenerOptions } from './options.ts'
import type { Rejection } from './rejection.ts'
import { RawClient, exchange, openTestListener, statusesOf, text } from './raw-client.fixture.ts'

let listener: Http1Listener | undefined

afterEach(async () => {
  await listener?.drain(0)
  listener = undefined
})

function listen(options: Partial<Http1ListenerOptions> = {}): number {
  listener = openTestListener(options)
  return listener.port
}

const CLOSE = 'Connection: close\r\n'
const get = (target: string, fields = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
const post = (target: string, body: string, fields = ''): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${fields}\r\n${body}`
const bodyOf = (received: string): string => received.slice(received.indexOf('\r\n\r\n') + 4)

const echo = async (request: IncomingRequest): Promise<PlainAnswer> =>
  new PlainAnswer(200, [], await request.text())

describe('a request', () => {
  test('comes with method, target, fields, body and the address of the peer', async () => {
    const port = listen({
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
    const received = await exchange(listen(), get('/a/../b/./c\\d?e#f', CLOSE))
    expect(bodyOf(received)).toBe('GET /a/../b/./c\\d?e#f')
  })

  test('can be read as bytes, as text, as a stream and as a request of the web', async () => {
    const port = listen({
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
    const port = listen({
      handle: (request) =>
        text(
          `${request.body === null} ${typeof request.arrived} ${JSON.stringify(request.text())}`,
        ),
    })
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('true undefined ""')
  })

  test('whose text begins with a byte order mark loses it, as the web does it', async () => {
    const response = await fetch(`http://127.0.0.1:${listen({ handle: echo })}/`, {
      method: 'POST',
      body: '\uFEFF{}',
    })
    expect(await response.text()).toBe('{}')
  })
})

describe('an answer', () => {
  test('is written with its length and a date, and the connection is kept', async () => {
    const port = listen({ handle: () => new PlainAnswer(201, [['x-a', 'b']], 'ö') })
    const client = await RawClient.open(port)
    client.send(get('/'))
    const received = await client.until((all) => all.endsWith('\xc3\xb6'))
    expect(received).toMatch(
      /^HTTP\/1\.1 201 Created\r\nx-a: b\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\ncontent-length: 2\r\n\r\n/,
    )
    client.send(get('/'))
    await client.until((all) => statusesOf(all).length === 2)
    client.close()
  })

  test('may be bytes, text, nothing, a stream or a response of the web', async () => {
    const stream = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        start(controller) {
          for (const part of ['a', '', 'b']) controller.enqueue(Buffer.from(part))
          controller.close()
        },
      })
    const answers: Readonly<Record<string, () => PlainAnswer | Response>> = {
      '/bytes': () => new PlainAnswer(200, [], Buffer.from('ab')),
      '/text': () => new PlainAnswer(200, [], 'ab'),
      '/stream': () => new PlainAnswer(200, [], stream()),
      '/long': () => new PlainAnswer(200, [['content-length', '2']], stream()),
      '/web': () => new Response('ab', { headers: { 'x-a': 'b' } }),
      '/web-stream': () => new Response(stream()),
    }
    const port = listen({ handle: (request) => answers[request.target]!() })
    for (const target of Object.keys(answers)) {
      const received = await exchange(port, get(target, CLOSE))
      expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      const isChunked = /transfer-encoding: chunked/.test(received)
      expect(/content-length: 2\r\n/.test(received)).toBe(!isChunked)
      expect(bodyOf(received)).toBe(isChunked ? '1\r\na\r\n1\r\nb\r\n0\r\n\r\n' : 'ab')
    }
  })

  test('of one part learns its length though nobody said it', async () => {
    const port = listen({ handle: () => new Response('ab') })
    expect(await exchange(port, get('/', CLOSE))).toContain('content-length: 2\r\n')
  })

  test('has its own Date when it brings one, and no second length', async () => {
    const fields = [
      ['date', 'then'],
      ['Content-Length', '99'],
      ['content-length', '99'],
      ['connection', 'x'],
      ['transfer-encoding', 'gzip'],
    ] as const
    const port = listen({ handle: () => new PlainAnswer(200, fields.slice(0), 'ab') })
    const received = await exchange(port, get('/', CLOSE))
    expect(received.match(/^date: .*/gm)).toEqual(['date: then'])
    expect(received.match(/^content-length: .*/gim)).toEqual(['content-length: 2'])
    expect(received.match(/^connection: .*/gim)).toEqual(['connection: close'])
    expect(received).not.toContain('gzip')
  })

  test('to HEAD has the head that GET would get, and no body', async () => {
    const port = listen({
      handle: ({ target }) => {
        if (target === '/text') return new PlainAnswer(200, [], 'abc')
        if (target === '/said') return new PlainAnswer(200, [['content-length', '7']], null)
        return new PlainAnswer(200, [], null)
      },
    })
    const head = async (target: string): Promise<string> =>
      exchange(port, `HEAD ${target} HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`)
    expect(await head('/text')).toMatch(
      /content-length: 3\r\n.*\r\n\r\n$|content-length: 3\r\n\r\n$/s,
    )
    expect(bodyOf(await head('/text'))).toBe('')
    expect(await head('/said')).toContain('content-length: 7\r\n')
    expect(await head('/unsaid')).not.toContain('content-length')
  })

  test('of 204 and 304 has no body, and 204 no length (RFC 9110 §8.6)', async () => {
    const port = listen({
      handle: ({ target }) =>
        new PlainAnswer(Number(target.slice(1)), [['content-length', '5']], 'abc'),
    })
    const none = await exchange(port, get('/204', CLOSE))
    expect([bodyOf(none), none.includes('content-length')]).toEqual(['', false])
    const same = await exchange(port, get('/304', CLOSE))
    expect([bodyOf(same), same.includes('content-length: 5')]).toEqual(['', true])
  })

  test('that cannot be sent in one way only is a bug, and never splits', async () => {
    const bugs: unknown[] = []
    const port = listen({
      handle: () => new PlainAnswer(200, [['x-a', 'b\u010aset-cookie: c']], 'ab'),
      onBug: (error) => {
        bugs.push(error)
        return text('sorry', 500)
      },
    })
    const received = await exchange(port, get('/', CLOSE))
    expect(received).toMatch(/^HTTP\/1\.1 500 .*sorry$/s)
    expect(received).not.toContain('set-cookie')
    expect(bugs).toHaveLength(1)
  })

  test.each([
    [
      'throws',
      (): never => {
        throw new Error('inside')
      },
    ],
    [
      'rejects',
      async (): Promise<never> => {
        throw new Error('inside')
      },
    ],
  ])('is that of a bug when the handler %s, which tells nothing', async (_name, handle) => {
    const bugs: unknown[] = []
    const port = listen({
      handle: (): never | Promise<never> => handle(),
      onBug: (error) => {
        bugs.push(error)
        return text('sorry', 500)
      },
    })
    const received = await exchange(port, get('/', CLOSE))
    expect(received).toMatch(/^HTTP\/1\.1 500 .*sorry$/s)
    expect(received).not.toContain('inside')
    expect(bugs).toHaveLength(1)
  })

  test('that is shorter or longer than it said cuts the connection', async () => {
    const port = listen({
      handle: ({ target }) =>
        new PlainAnswer(
          200,
          [['content-length', target.slice(1)]],
          new ReadableStream({
            start(controller) {
              controller.enqueue(Buffer.from('abc'))
              controller.close()
            },
          }),
        ),
    })
    for (const length of ['2', '4']) {
      const client = await RawClient.open(port)
      client.send(get(`/${length}`))
      await client.ended()
      expect(client.isReset).toBe(true)
      expect(bodyOf(client.received).length).toBeLessThan(4)
    }
    expect(bodyOf(await exchange(port, get('/3', CLOSE)))).toBe('abc')
  })

  test('whose stream fails cuts the connection, so that the client does not take it for whole', async () => {
    const port = listen({
      handle: () =>
        new PlainAnswer(
          200,
          [],
          new ReadableStream({
            async pull(controller) {
              await Bun.sleep(5)
              controller.enqueue(Buffer.from('abc'))
              await Bun.sleep(5)
              controller.error(new Error('gone'))
            },
          }),
        ),
    })
    const client = await RawClient.open(port)
    client.send(get('/'))
    const received = await client.ended()
    expect(received).not.toContain('0\r\n\r\n')
    expect(client.isReset).toBe(true)
  })
})

describe('a connection', () => {
  test('carries requests one after the other, however they come, and answers in order', async () => {
    const port = listen({
      handle: async (request) => {
        // The later ones would be done first.
        await Bun.sleep(request.target === '/0' ? 20 : 0)
        return text(`${request.target} ${await request.text()}`)
      },
    })
    const parts = Array.from({ length: 20 }, (_, at) => post(`/${at}`, `body ${at}`))
    parts.push(get('/last', CLOSE))
    const received = await exchange(port, parts.join(''))
    expect(received.match(/^\/\w+ .*?(?=HTTP|$)/gm)?.slice(0)).toEqual([
      ...Array.from({ length: 20 }, (_, at) => `/${at} body ${at}`),
      '/last ',
    ])
  })

  test('answers what is pipelined with few writes', async () => {
    const port = listen()
    const client = await RawClient.open(port)
    let reads = 0
    client.socket.on('data', () => (reads += 1))
    client.send(get('/x').repeat(50))
    await client.until((all) => statusesOf(all).length === 50)
    expect(reads).toBeLessThan(10)
    client.close()
  })

  test('that pipelines without end lets others have their turn', async () => {
    const order: string[] = []
    const port = listen({
      handle: ({ target }) => {
        order.push(target)
        return text('')
      },
    })
    const [greedy, other] = [await RawClient.open(port), await RawClient.open(port)]
    other.send(get('/warm'))
    await other.until((all) => statusesOf(all).length === 1)
    greedy.send(get('/many').repeat(5000))
    other.send(get('/one'))
    await other.until((all) => statusesOf(all).length === 2)
    expect(order.filter((target) => target === '/many').length).toBeLessThan(3000)
    await greedy.until((all) => statusesOf(all).length === 5000)
    for (const client of [greedy, other]) client.close()
  })

  test('is kept in HTTP/1.0 when that is asked for', async () => {
    const port = listen()
    const client = await RawClient.open(port)
    client.send('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    expect(await client.until((all) => all.endsWith('GET /a'))).toContain('connection: keep-alive')
    client.send('GET /b HTTP/1.0\r\n\r\n')
    expect(await client.ended()).toMatch(/connection: close\r\n.*GET \/b$/s)
  })

  test('ends the body of a stream in HTTP/1.0, which knows no chunks', async () => {
    const port = listen({
      handle: () =>
        new PlainAnswer(
          200,
          [],
          new ReadableStream({
            async pull(controller) {
              await Bun.sleep(2)
              controller.enqueue(Buffer.from('abc'))
              controller.close()
            },
          }),
        ),
    })
    const received = await exchange(port, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    expect(received).not.toContain('chunked')
    expect(bodyOf(received)).toBe('abc')
  })

  test('tells the client to go on with its body when somebody asks for it', async () => {
    const port = listen({ handle: echo })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    await client.until((all) => all === 'HTTP/1.1 100 Continue\r\n\r\n')
    client.send('hello')
    await client.until((all) => all.endsWith('hello'))
    client.send(get('/'))
    await client.until((all) => statusesOf(all).length === 3)
    client.close()
  })

  test('does not ask for a body that is not wanted, and closes', async () => {
    const port = listen({ handle: () => text('no', 401) })
    const received = await exchange(
      port,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
    )
    expect(statusesOf(received)).toEqual([401])
    expect(received).toContain('connection: close')
  })

  test('survives a short body that nobody read, and not a long one', async () => {
    const port = listen({ handle: () => text('no', 403), bodyBytesMax: 10_000_000 })
    const client = await RawClient.open(port)
    client.send(post('/', 'x'.repeat(60_000)).slice(0, 100))
    await client.until((all) => statusesOf(all).length === 1)
    client.send('x'.repeat(60_000 - 100 + post('/', 'x'.repeat(60_000)).indexOf('\r\n\r\n') + 4))
    client.send(get('/', CLOSE))
    expect(statusesOf(await client.ended())).toEqual([403, 403])

    const long = await RawClient.open(port)
    long.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
    expect(await long.ended()).toMatch(/^HTTP\/1\.1 403 .*connection: close/s)
    long.close()
  })

  test('lets the client read the answer though it is still sending', async () => {
    const port = listen({ bodyBytesMax: 1000 })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n')
    client.send(new Uint8Array(1_000_000))
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 413 .*body_too_large/s)
    client.close()
  })

  test('closed by a client aborts what was done for it', async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<IncomingRequest>()
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>()
    const port = listen({
      handle: (request) => {
        request.signal.addEventListener('abort', () => abort())
        begin(request)
        return aborted.then(() => text('late'))
      },
    })
    const client = await RawClient.open(port)
    client.send(get('/'))
    const request = await begun
    expect(request.isGone).toBe(false)
    client.close()
    await aborted
    expect(request.isGone).toBe(true)
    while (listener!.openConnections > 0) await Bun.sleep(1)
    expect(listener!.requestsInFlight).toBe(0)
  })

  test('half-closed by a client brings it the answer to what it asked before', async () => {
    const port = listen({ handle: async () => text('done') })
    const client = await RawClient.open(port)
    client.socket.end(get('/') + get('/'))
    expect(statusesOf(await client.ended())).toEqual([200, 200])
  })

  test('closed in the middle of a body makes reading it fail', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const port = listen({
      handle: async (request) => {
        await Promise.resolve(request.text()).catch(resolve)
        return text('x')
      },
    })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    await Bun.sleep(5)
    client.close()
    expect(await promise).toMatchObject({ name: 'BodyError', code: 'bad_request' })
  })
})

describe('a listener', () => {
  test('turns requests away when too many are in flight, and answers again afterwards', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const told: Rejection[] = []
    const port = listen({
      requestsMax: 2,
      handle: () => held.then(() => text('ok')),
      onRejected: (rejection) => told.push(rejection),
    })
    const url = `http://127.0.0.1:${port}/`
    const first = [fetch(url), fetch(url)]
    while (listener!.requestsInFlight < 2) await Bun.sleep(1)
    const third = await fetch(url)
    expect(third.status).toBe(503)
    expect(third.headers.get('retry-after')).toBe('1')
    const requestId = third.headers.get('x-request-id')!
    expect(await third.json()).toMatchObject({ code: 'unavailable', requestId })
    const told503 = { reason: 'requests_max', code: 'unavailable', requestId, isHandled: false }
    expect(told).toEqual([{ ...told503, address: '127.0.0.1' } as Rejection])
    release()
    for (const response of await Promise.all(first)) expect(response.status).toBe(200)
    expect((await fetch(url)).status).toBe(200)
  })

  test('closes connections beyond its limit at once, and tells of them', async () => {
    const told: Rejection[] = []
    const port = listen({ connectionsMax: 2, onRejected: (rejection) => told.push(rejection) })
    const clients = [await RawClient.open(port), await RawClient.open(port)]
    for (const client of clients) {
      client.send(get('/'))
      await client.until((all) => all.includes('200'))
    }
    const third = await RawClient.open(port)
    third.send(get('/'))
    expect(await third.ended()).toBe('')
    expect(told).toEqual([
      {
        reason: 'connections_max',
        code: 'unavailable',
        address: '127.0.0.1',
        requestId: undefined,
        isHandled: false,
      },
    ])
    clients[0]!.close()
    while (listener!.openConnections > 1) await Bun.sleep(1)
    expect(await exchange(port, get('/', CLOSE))).toContain('200')
    clients[1]!.close()
  })

  test('holds each address to its limit', async () => {
    const port = listen({ connectionsPerAddressMax: 1 })
    const one = await RawClient.open(port)
    one.send(get('/'))
    await one.until((all) => all.includes('200'))
    expect(await exchange(port, get('/'))).toBe('')
    one.close()
    while (listener!.openConnections > 0) await Bun.sleep(1)
    expect(await exchange(port, get('/', CLOSE))).toContain('200')
  })

  test('says whose request could not be read, how it was answered, and why', async () => {
    const told: Rejection[] = []
    const port = listen({ onRejected: (rejection) => told.push(rejection) })
    const received = await exchange(port, 'GET / HTTP/1.1\r\n\r\n')
    expect(received).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n.*application\/problem\+json.*"code":"bad_request"/s,
    )
    expect(received).toContain('connection: close')
    expect(told).toMatchObject([
      { reason: 'host', code: 'bad_request', address: '127.0.0.1', isHandled: false },
    ])
    expect(received).toContain(`x-request-id: ${told[0]!.requestId}\r\n`)
    expect(received).toContain(`"requestId":"${told[0]!.requestId}"`)
    await exchange(port, 'GET / HTTP/1.1\r\n\r\n')
    expect(told[1]!.requestId).not.toBe(told[0]!.requestId)
  })

  test('says which address cannot be bound', () => {
    const port = listen()
    expect(() => openTestListener({ port })).toThrow(/already in use/)
  })

  test('shares its address where that is asked for', async () => {
    const one = openTestListener({ reusePort: true })
    const other = openTestListener({ port: one.port, reusePort: true })
    await one.drain(0)
    expect((await fetch(`${other.url}/`)).status).toBe(200)
    await other.drain(0)
  })
})
