import { createHash } from 'node:crypto'
import { createConnection } from 'node:net'
import { afterEach, describe, expect, test } from 'bun:test'
import type { ServerWebSocket } from 'bun'
import { anonymousCaller, newCaller } from '../core/caller.ts'
import { problemResponse } from '../core/problem.ts'
import type { UpstreamConfigInput } from './config.ts'
import { identityHeaders } from './identity-headers.ts'
import { forwardRequest, openUpstream, serveHeads, serveRaw, until } from './test-kit.ts'
import type { TestUpstream } from './test-kit.ts'
import type { WebSocketBridge } from './websocket.ts'
import { isWebSocketUpgrade } from './websocket.ts'

const open: { stop(): unknown }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop()
})

interface Origin {
  readonly url: string
  readonly seen: Headers[]
  readonly closes: [number, string][]
  readonly sockets: ServerWebSocket[]
}

/** Echoes; the message `close <code>` makes it close. */
function serveEcho(): Origin {
  const seen: Headers[] = []
  const closes: [number, string][] = []
  const sockets: ServerWebSocket[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request, serving) {
      seen.push(request.headers)
      const protocol = request.headers.get('sec-websocket-protocol')?.split(', ').at(-1)
      const headers: Record<string, string> = {}
      if (protocol !== undefined) headers['sec-websocket-protocol'] = protocol
      return serving.upgrade(request, { headers }) ? undefined : new Response('no', { status: 400 })
    },
    websocket: {
      open(socket) {
        sockets.push(socket)
        socket.send('hello')
      },
      message(socket, message) {
        const code = typeof message === 'string' ? /^close (\d+)$/.exec(message)?.[1] : undefined
        if (code === undefined) socket.send(message)
        else socket.close(Number(code), 'as asked')
      },
      close: (_socket, code, reason) => void closes.push([code, reason]),
    },
  })
  open.push({ stop: () => server.stop(true) })
  return { url: `http://127.0.0.1:${server.port}`, seen, closes, sockets }
}

/** A gate that bridges WebSockets to an upstream. */
function serveBridge(config: UpstreamConfigInput): TestUpstream & { readonly url: string } {
  const opened = openUpstream(config)
  const server = Bun.serve<WebSocketBridge>({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request, serving) {
      if (!isWebSocketUpgrade(request.method, request.headers)) return new Response('plain')
      const identity = identityHeaders(newCaller({ ...anonymousCaller, kind: 'key', id: 'key_1' }))
      const headers = new Headers(request.headers)
      const bridge = await opened.upstream.openWebSocket(
        forwardRequest({ path: new URL(request.url).pathname, headers, identity }),
      )
      if ('code' in bridge) return problemResponse(bridge, 'req_test')
      const chosen = { 'sec-websocket-protocol': bridge.protocol }
      const upgraded = serving.upgrade(request, {
        data: bridge,
        headers: bridge.protocol === '' ? {} : chosen,
      })
      if (!upgraded) bridge.close(1001, '')
      return undefined
    },
    websocket: {
      open: (socket) => socket.data.open(endOf(socket)),
      message: (socket, message) => socket.data.message(message),
      close: (socket, code, reason) => socket.data.close(code, reason),
      drain: (socket) => socket.data.drain(),
    },
  })
  open.push({ stop: () => server.stop(true) })
  return { ...opened, url: `ws://127.0.0.1:${server.port}/live` }
}

const endOf = (
  socket: ServerWebSocket<WebSocketBridge>,
): Parameters<WebSocketBridge['open']>[0] => ({
  send: (message) => socket.send(message),
  close: (code, reason) => socket.close(code, reason),
  get bufferedAmount() {
    return socket.getBufferedAmount()
  },
})

/** A client that collects what it receives. */
function connect(
  url: string,
  options: { headers?: Record<string, string>; protocols?: string[] } = {},
): { socket: WebSocket; messages: unknown[]; closed: { code: number; reason: string }[] } {
  const socket = Reflect.construct(WebSocket, [url, options]) as WebSocket
  socket.binaryType = 'arraybuffer'
  const messages: unknown[] = []
  const closed: { code: number; reason: string }[] = []
  socket.addEventListener('message', ({ data }: { data: unknown }) => void messages.push(data))
  socket.addEventListener('close', ({ code, reason }) => void closed.push({ code, reason }))
  return { socket, messages, closed }
}

describe('a bridged WebSocket', () => {
  test('carries text and bytes both ways, in order, beginning with the first word', async () => {
    const origin = serveEcho()
    const gate = serveBridge({ targets: [origin.url] })
    const { socket, messages } = connect(gate.url)
    await until(() => messages.length === 1)
    for (let count = 0; count < 50; count++) socket.send(`message ${count}`)
    socket.send(new Uint8Array([0, 255, 7]))
    await until(() => messages.length === 52)
    expect(messages.slice(0, 3)).toEqual(['hello', 'message 0', 'message 1'])
    expect(new Uint8Array(messages[51] as ArrayBuffer)).toEqual(new Uint8Array([0, 255, 7]))
    expect(gate.upstream.stats()).toMatchObject({ inFlight: 1, targets: [{ inFlight: 1 }] })
    socket.close()
    await until(() => gate.upstream.stats().inFlight === 0)
  })

  test('takes identity from the gate and the subprotocol from the upstream', async () => {
    const origin = serveEcho()
    const gate = serveBridge({ targets: [origin.url] })
    const { socket, messages } = connect(gate.url, {
      protocols: ['one', 'two'],
      headers: { 'x-tollgate-caller': 'root', authorization: 'Bearer secret', 'x-own': 'kept' },
    })
    await until(() => messages.length === 1)
    expect(socket.protocol).toBe('two')
    const [seen] = origin.seen
    expect(seen?.get('x-tollgate-caller')).toBe('key_1')
    expect(seen?.get('authorization')).toBeNull()
    expect(seen?.get('x-own')).toBe('kept')
    expect(seen?.get('x-forwarded-for')).toBe('198.51.100.7')
    socket.close()
  })

  test.each([1000, 1001, 1008, 1011, 3000, 4999])(
    'passes code %d on from either end',
    async (code) => {
      const origin = serveEcho()
      const gate = serveBridge({ targets: [origin.url] })
      const first = connect(gate.url)
      await until(() => first.messages.length === 1)
      first.socket.close(code, 'the client says so')
      await until(() => origin.closes.length === 1)
      expect(origin.closes[0]).toEqual([code, 'the client says so'])
      const second = connect(gate.url)
      await until(() => second.messages.length === 1)
      second.socket.send(`close ${code}`)
      await until(() => second.closed.length === 1)
      expect(second.closed[0]).toEqual({ code, reason: 'as asked' })
    },
  )

  test('that an upstream refuses is refused to the client', async () => {
    const plain = Bun.serve({ port: 0, fetch: () => new Response('no', { status: 403 }) })
    open.push({ stop: () => plain.stop(true) })
    const gate = serveBridge({ targets: [`http://127.0.0.1:${plain.port}`] })
    const { closed } = connect(gate.url)
    await until(() => closed.length === 1)
    expect(gate.upstream.stats()).toMatchObject({ inFlight: 0, failures: 1 })
  })

  test('that an upstream never answers is given up at the deadline', async () => {
    const silent = await serveRaw(() => {})
    open.push(silent)
    const gate = serveBridge({ targets: [silent.url], timeouts: { firstByte: '50ms' } })
    const { closed } = connect(gate.url)
    await until(() => closed.length === 1)
    expect(gate.upstream.stats().inFlight).toBe(0)
  })
})

describe('a message of an upstream', () => {
  const MIB = 1_048_576

  test('of a mebibyte passes, a larger one ends the connection with 1009', async () => {
    for (const more of [new Uint8Array(MIB + 1), '\u20AC'.repeat(MIB / 3 + 1)]) {
      const origin = serveEcho()
      const gate = serveBridge({ targets: [origin.url] })
      const { messages, closed } = connect(gate.url)
      await until(() => messages.length === 1)
      origin.sockets[0]?.send(new Uint8Array(MIB))
      await until(() => messages.length === 2)
      expect((messages[1] as ArrayBuffer).byteLength).toBe(MIB)
      origin.sockets[0]?.send(more)
      await until(() => closed.length === 1 && origin.closes.length === 1)
      expect([closed[0]?.code, origin.closes[0]?.[0]]).toEqual([1009, 1009])
      expect(messages.length).toBe(2)
      expect(gate.upstream.stats().inFlight).toBe(0)
    }
  })

  test('is never packed, because nothing bounds what it would become', async () => {
    const origin = serveEcho()
    const gate = serveBridge({ targets: [origin.url] })
    const { socket, messages } = connect(gate.url)
    await until(() => messages.length === 1)
    expect(origin.seen[0]?.get('sec-websocket-extensions')).toBeNull()
    socket.close()
  })
})

describe('back-pressure is bounded', () => {
  const chunk = new Uint8Array(65_536)

  test('when the client does not read', async () => {
    const origin = serveEcho()
    const gate = serveBridge({ targets: [origin.url] })
    const { hostname, port } = new URL(gate.url)
    const client = createConnection(Number(port), hostname)
    open.push({ stop: () => client.destroy() })
    client.pause()
    client.write(
      `GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    )
    await until(() => origin.sockets.length === 1)
    const [socket] = origin.sockets
    await until(() => {
      socket?.send(chunk)
      return origin.closes.length > 0
    })
    expect(origin.closes[0]?.[0]).toBe(1013)
    expect(gate.upstream.stats().inFlight).toBe(0)
  })

  test('when the upstream does not read', async () => {
    const deaf = await serveHeads((head, _count, socket) => {
      const key = /sec-websocket-key: (.+)\r/i.exec(head)?.[1] ?? ''
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      socket.pause()
      return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`
    })
    open.push(deaf)
    const gate = serveBridge({ targets: [deaf.url] })
    const { socket, closed } = connect(gate.url)
    await until(() => socket.readyState === WebSocket.OPEN)
    await until(() => {
      if (socket.bufferedAmount < 1_000_000) socket.send(chunk)
      return closed.length > 0
    })
    expect(closed[0]?.code).toBe(1013)
  })
})
