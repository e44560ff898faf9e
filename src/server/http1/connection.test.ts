import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import { CLOSE, get, text, useListener } from './listener.fixture.ts'
import { RawClient, bodyOf, exchange, statusesOf } from './raw-client.fixture.ts'

const listeners = useListener()

const post = (target: string, body: string, fields = ''): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${fields}\r\n${body}`

const echo = async (request: IncomingRequest): Promise<PlainAnswer> =>
  new PlainAnswer(200, [], await request.text())

describe('a connection', () => {
  test('carries requests one after the other, however they come, and answers in order', async () => {
    const port = listeners.listen({
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
    const port = listeners.listen()
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
    const port = listeners.listen({
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
    const port = listeners.listen()
    const client = await RawClient.open(port)
    client.send('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    expect(await client.until((all) => all.endsWith('GET /a'))).toContain('connection: keep-alive')
    client.send('GET /b HTTP/1.0\r\n\r\n')
    expect(await client.ended()).toMatch(/connection: close\r\n.*GET \/b$/s)
  })

  test('ends the body of a stream in HTTP/1.0, which knows no chunks', async () => {
    const port = listeners.listen({
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
    const port = listeners.listen({ handle: echo })
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
    const port = listeners.listen({ handle: () => text('no', 401) })
    const received = await exchange(
      port,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
    )
    expect(statusesOf(received)).toEqual([401])
    expect(received).toContain('connection: close')
  })

  test('survives a short body that nobody read, and not a long one', async () => {
    const port = listeners.listen({ handle: () => text('no', 403), bodyBytesMax: 10_000_000 })
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
    const port = listeners.listen({ bodyBytesMax: 1000 })
    const client = await RawClient.open(port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n')
    client.send(new Uint8Array(1_000_000))
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 413 .*body_too_large/s)
    client.close()
  })

  test('closed by a client aborts what was done for it', async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<IncomingRequest>()
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>()
    const port = listeners.listen({
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
    while (listeners.opened.openConnections > 0) await Bun.sleep(1)
    expect(listeners.opened.requestsInFlight).toBe(0)
  })

  test('half-closed by a client brings it the answer to what it asked before', async () => {
    const port = listeners.listen({ handle: async () => text('done') })
    const client = await RawClient.open(port)
    client.socket.end(get('/') + get('/'))
    expect(statusesOf(await client.ended())).toEqual([200, 200])
  })

  test('half-closed by a client aborts what is done for it, also what is begun only then', async () => {
    const targets: string[] = []
    const port = listeners.listen({
      handle: async ({ target, signal }) => {
        targets.push(target)
        await new Promise((gone) => signal.addEventListener('abort', gone))
        return text(target)
      },
    })
    const client = await RawClient.open(port)
    client.socket.end(get('/first') + get('/second') + get('/third'))
    expect(statusesOf(await client.ended())).toEqual([200, 200, 200])
    expect(targets).toEqual(['/first', '/second', '/third'])
  })

  test.each(['that is read', 'that nobody reads'])(
    'half-closed by a client waits for no rest of a body %s',
    async (how) => {
      const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>()
      const port = listeners.listen({
        handle: (request) => {
          if (request.method === 'GET' || how === 'that nobody reads') {
            return Promise.resolve(text('x'))
          }
          return Promise.resolve(request.text()).then(text, (error: unknown) => {
            fail(error)
            return text('broke off', 400)
          })
        },
      })
      const client = await RawClient.open(port)
      client.socket.end(get('/') + post('/', '0123456789').slice(0, -5))
      const statuses = statusesOf(await client.ended())
      expect(statuses).toEqual([200, how === 'that is read' ? 400 : 200])
      if (how === 'that is read') {
        expect(await failed).toMatchObject({ name: 'BodyError', code: 'bad_request' })
      }
    },
  )

  test('closed in the middle of a body makes reading it fail', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const port = listeners.listen({
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
