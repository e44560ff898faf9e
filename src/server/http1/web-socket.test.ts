import { afterEach, describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import type { WebSocketBridge, WebSocketEnd } from '../../upstream/index.ts'
import type { Http1Listener } from './listener.ts'
import { openTestListener } from './listener.fixture.ts'
import { RawClient, bodyOf, exchange } from './raw-client.fixture.ts'
import type { Handle } from './world.ts'

let listener: Http1Listener | undefined
afterEach(async () => {
  await listener?.drain(0)
  listener = undefined
})

const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A whole request for a WebSocket. */
const ASKED = `GET / HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n`

/** A masked text frame: `hello`. */
const FIRST = Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from('hello')]).toString('latin1')

/** A socket that says back what it hears, and that it was closed. */
function echo(onClose: (code: number) => void = () => {}): WebSocketBridge {
  let client: WebSocketEnd | undefined
  return {
    protocol: '',
    open: (end) => void (client = end),
    message: (message) => void client?.send(message),
    drain: () => undefined,
    close: (code) => onClose(code),
  }
}

const switched = (): PlainAnswer => new PlainAnswer(101, [], null)

function listen(handle: Handle): number {
  listener = openTestListener({ handle })
  return listener.port
}

/** An open WebSocket of a client that writes bytes, and the code it was closed with. */
async function openRaw(): Promise<{ client: RawClient; closeCode: Promise<number> }> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const port = listen((request, connection) => {
    connection.upgrade(request, echo(resolve), {})
    return switched()
  })
  const client = await RawClient.open(port)
  client.send(ASKED)
  await client.until((all) => all.startsWith('HTTP/1.1 101 '))
  return { client, closeCode: promise }
}

const opened = (socket: WebSocket): Promise<unknown> =>
  new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
const closed = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((resolve) => {
    socket.addEventListener('close', resolve)
  })

describe('a WebSocket', () => {
  test('is opened by the handler, which sees the request and the address of the peer', async () => {
    let seen: IncomingRequest | undefined
    let peer = ''
    const port = listen((request, connection) => {
      seen = request
      peer = connection.peerAddress(request)
      connection.upgrade(request, echo(), { 'x-own': 'a' })
      return switched()
    })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/path?q=1`)
    await opened(socket)
    const heard: unknown[] = []
    const { promise: enough, resolve } = Promise.withResolvers<void>()
    socket.addEventListener('message', ({ data }) => {
      if (heard.push(data) === 3) resolve()
    })
    for (const message of ['one', 'zwölf', 'x'.repeat(500_000)]) socket.send(message)
    await enough
    expect(heard).toEqual(['one', 'zwölf', 'x'.repeat(500_000)])
    expect(peer).toBe('127.0.0.1')
    expect(seen!.target).toBe('/path?q=1')
    // How the address came along is nobody's business.
    expect([...seen!.headers].map(([name]) => name).filter((name) => name.length > 40)).toEqual([])
    expect(listener!.connections()).toBe(1)
    socket.close()
    await closed(socket)
    while (listener!.openConnections > 0) await Bun.sleep(1)
  })

  test('that is refused gets the refusal, and the connection is not kept', async () => {
    const port = listen(() => new PlainAnswer(401, [['x-a', 'b']], 'no'))
    const received = await exchange(port, ASKED)
    expect(received).toMatch(/^HTTP\/1\.1 401 .*no$/s)
    expect(received.toLowerCase()).toContain('connection: close')
  })

  test.each(['/a/../b', '/a/%2e%2E/b', '/./a', '/a\\..\\b', '/a#b', '/a?b#c', '/a|b', '//b/../c'])(
    'is asked for at %s as it was sent, however servers would repair it',
    async (target) => {
      const seen: string[] = []
      const port = listen((request) => {
        seen.push(request.target)
        return new PlainAnswer(400, [], '')
      })
      const head = `GET ${target} HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}Connection: close\r\n\r\n`
      expect(await exchange(port, head)).toStartWith('HTTP/1.1 400 ')
      expect(seen).toEqual([target])
    },
  )

  test('whose client goes away is closed', async () => {
    const { client, closeCode } = await openRaw()
    client.close()
    expect(await closeCode).toBe(1006)
    while (listener!.openConnections > 0) await Bun.sleep(1)
  })

  test('whose client pings on and on and reads no answer is cut off', async () => {
    const { client, closeCode } = await openRaw()
    client.socket.pause()
    const ping = [0x89, 0xfd, 0, 0, 0, 0, ...Buffer.alloc(125)]
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => Buffer.from(ping)))
    const pingOn = (): void => {
      while (client.socket.writable && client.socket.write(pings));
    }
    client.socket.on('drain', pingOn)
    pingOn()
    expect(await closeCode).toBe(1006)
    client.close()
  })

  test('may be asked for with its first frame behind, and after other requests', async () => {
    const port = listen((request, connection) => {
      if (request.target === '/plain') return new PlainAnswer(200, [], 'plain')
      connection.upgrade(request, echo(), {})
      return switched()
    })
    const client = await RawClient.open(port)
    const plain = 'GET /plain HTTP/1.1\r\nHost: a\r\n\r\n'
    client.send(`${plain}${ASKED}${FIRST}`)
    const received = await client.until((all) => all.endsWith('\x81\x05hello'))
    expect(received).toMatch(/^HTTP\/1\.1 200 .*plainHTTP\/1\.1 101 /s)
    client.close()
  })

  describe('whose client does not wait for the answer', () => {
    /** A handler that answers what asks for a WebSocket when the test says so. */
    function hold(answer: Handle) {
      const begin = Promise.withResolvers<void>()
      const asked = Promise.withResolvers<void>()
      const seen: string[] = []
      const port = listen(async (request, connection) => {
        seen.push(request.target)
        if (request.target === '/plain') return new PlainAnswer(200, [], 'plain')
        asked.resolve()
        await begin.promise
        return answer(request, connection)
      })
      /** Others are served meanwhile: what was sent has been read. */
      const serveOthers = async (): Promise<void> => {
        const plain = 'GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
        for (let turn = 0; turn < 5; turn++) {
          expect(await exchange(port, plain)).toEndWith('plain')
        }
      }
      return { port, seen, asked: asked.promise, begin: begin.resolve, serveOthers }
    }

    test('is heard when it is open, whether the frames came with the request or after it', async () => {
      const { port, asked, begin, serveOthers } = hold((request, connection) => {
        connection.upgrade(request, echo(), {})
        return switched()
      })
      const client = await RawClient.open(port)
      client.send(`${ASKED}${FIRST}`)
      await asked
      const large = Buffer.concat([
        Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0]),
        Buffer.alloc(0x4_0000, 0x61),
      ])
      client.send(large)
      client.send(FIRST)
      await serveOthers()
      expect(client.received).toBe('')
      begin()
      const received = await client.until((all) => all.endsWith('a\x81\x05hello'))
      expect(received).toMatch(/^HTTP\/1\.1 101 /)
      expect(bodyOf(received).length).toBe(7 + 10 + 0x4_0000 + 7)
      client.close()
    })

    test.each([
      ['a frame', FIRST],
      ['a request', 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['much', 'x'.repeat(200_000)],
    ])(
      'is refused in full, and %s behind the request is not taken for another',
      async (_, early) => {
        const answer = 'no'.repeat(50_000)
        const { port, seen, asked, begin, serveOthers } = hold(
          () => new PlainAnswer(401, [], answer),
        )
        const client = await RawClient.open(port)
        client.send(`${ASKED}${early}`)
        await asked
        client.send(early)
        await serveOthers()
        begin()
        const received = await client.ended()
        expect(received).toMatch(/^HTTP\/1\.1 401 /)
        expect(bodyOf(received)).toBe(answer)
        expect(client.isReset).toBe(false)
        expect(seen.filter((target) => target !== '/plain')).toEqual(['/'])
        client.close()
      },
    )
  })

  test('is told that the server goes away', async () => {
    const port = listen((request, connection) => {
      connection.upgrade(request, echo(), {})
      return switched()
    })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    await opened(socket)
    const gone = closed(socket)
    expect(await listener!.drain(5000)).toBe(true)
    expect((await gone).code).toBe(1001)
  })
})

test('requests for WebSockets count as in flight until they are answered, and one too many is turned away', async () => {
  const answer = Promise.withResolvers<PlainAnswer>()
  const reasons: string[] = []
  listener = openTestListener({
    requestsMax: 2,
    handle: () => answer.promise,
    onRejected: ({ reason }) => reasons.push(reason),
  })
  const { port } = listener
  const waiting = [await RawClient.open(port), await RawClient.open(port)]
  for (const client of waiting) client.send(ASKED)
  const untilMs = performance.now() + 4000
  while (listener.requestsInFlight < 2 && performance.now() < untilMs) {
    await new Promise(setImmediate)
  }
  for (const request of [ASKED, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n']) {
    const refused = await exchange(port, request)
    expect(refused).toStartWith('HTTP/1.1 503 ')
    expect(refused.toLowerCase()).toContain('\r\nretry-after: 1\r\n')
  }
  expect(reasons).toEqual(['requests_max', 'requests_max'])
  answer.resolve(new PlainAnswer(200, [], 'done'))
  for (const client of waiting) {
    await client.until((all) => all.startsWith('HTTP/1.1 200 '))
    client.close()
  }
  expect(listener.requestsInFlight).toBe(0)
})

test('a client that says much before it has an answer gets no WebSocket', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const port = listen((request, connection) => {
    connection.upgrade(request, echo(resolve), {})
    return switched()
  })
  const client = await RawClient.open(port)
  client.send(ASKED + FIRST.repeat(20_000))
  expect(await client.ended()).not.toContain('hello')
  expect(await promise).toBe(1006)
  client.close()
})
