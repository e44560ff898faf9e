import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import type { ServerWebSocket } from 'bun'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import { untilGates } from '../../src/server/turns.fixture.ts'
import {
  makeFolder,
  makeKey,
  removeFolder,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'

/** WebSockets through the gate: a real client, the real gate, a real upstream. */

const seen: Headers[] = []
const closes: [number, string][] = []
const sockets = new Set<ServerWebSocket>()
const upstream = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, server) {
    seen.push(request.headers)
    const protocol = request.headers.get('sec-websocket-protocol')?.split(',').at(-1)?.trim()
    const headers = { ...(protocol !== undefined && { 'sec-websocket-protocol': protocol }) }
    return server.upgrade(request, { headers }) ? undefined : new Response('plain')
  },
  websocket: {
    open: (socket) => void sockets.add(socket),
    message(socket, message) {
      const code = typeof message === 'string' ? /^close (\d+)$/.exec(message)?.[1] : undefined
      if (code !== undefined) socket.close(Number(code), 'as asked')
      else if (message === 'flood') flood(socket)
      else socket.send(message)
    },
    close(socket, code, reason) {
      sockets.delete(socket)
      closes.push([code, reason])
    },
  },
})

/** Sends until the other side's end of the socket closes. */
function flood(socket: ServerWebSocket): void {
  const block = new Uint8Array(262_144)
  const timer = setInterval(() => {
    if (socket.readyState === 1) socket.send(block)
    else clearInterval(timer)
  }, 1)
}

const CONFIG = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
limits:
  one: { kind: concurrency, limit: 1, by: key }
defaults: { limits: [] }
upstreams:
  echo: { targets: ['${upstream.url.href}'] }
routes:
  - { id: keyed, path: /ws, webSocket: true, permission: talk:read, upstream: echo }
  - { id: session, path: /session, webSocket: true, credentials: [session], upstream: echo }
  - { id: open, path: /open, webSocket: true, credentials: [anonymous], upstream: echo }
  - { id: single, path: /single, webSocket: true, limits: [one], upstream: echo }
  - { id: plain, path: /plain, credentials: [anonymous], upstream: echo }
`

let gate: GateProcess
let secret = ''
let other = ''
beforeAll(async () => {
  gate = await startGateProcess(makeFolder(CONFIG))
  secret = (await makeKey(gate, 'acme', { permissions: ['talk:read'] })).secret
  other = (await makeKey(gate, 'acme', { permissions: ['else:read'] })).secret
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
  await upstream.stop(true)
})

/** The runtime's own WebSocket, which can send headers. */
type WithHeaders = new (
  url: string,
  options: { readonly headers: Record<string, string>; readonly protocols: string[] },
) => WebSocket

interface Client {
  readonly socket: WebSocket
  readonly received: (string | Uint8Array)[]
  readonly closed: Promise<CloseEvent>
}

async function open(
  path: string,
  options: { readonly credential?: string; readonly protocols?: string[] } = {},
): Promise<Client> {
  const { credential, protocols = [] } = options
  const headers: Record<string, string> =
    credential === undefined ? {} : { authorization: `Bearer ${credential}` }
  const url = `${gate.url.replace('http', 'ws')}${path}`
  const socket = new (WebSocket as unknown as WithHeaders)(url, { headers, protocols })
  socket.binaryType = 'arraybuffer'
  const received: (string | Uint8Array)[] = []
  const closed = new Promise<CloseEvent>((resolve) => {
    socket.addEventListener('close', resolve)
  })
  socket.addEventListener('message', ({ data }: { data: string | ArrayBuffer }) => {
    received.push(typeof data === 'string' ? data : new Uint8Array(data))
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('refused')))
  })
  return { socket, received, closed }
}

/** The head of the answer to a handshake by hand. */
async function handshake(path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const { hostname, port } = new URL(gate.url)
  const lines = Object.entries({
    host: `${hostname}:${port}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString('latin1'))
    })
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  })
}

describe('a WebSocket', () => {
  test('carries text and bytes, with identity, without the credential, on the chosen protocol', async () => {
    const { socket, received, closed } = await open('/ws', {
      credential: secret,
      protocols: ['one', 'two'],
    })
    expect(socket.protocol).toBe('two')
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251)
    socket.send('grüße')
    socket.send(bytes)
    await until(async () => received.length === 2)
    expect(received).toEqual(['grüße', bytes])
    const headers = seen.at(-1)
    expect(headers?.get('x-tollgate-tenant')).toBe('acme')
    expect(headers?.get('authorization')).toBeNull()
    socket.close(4001, 'done')
    await closed
    await until(async () => closes.length > 0)
    expect(closes.at(-1)).toEqual([4001, 'done'])
  })

  test('passes on the code with which the upstream closes', async () => {
    const { socket, closed } = await open('/open')
    socket.send('close 4321')
    const { code, reason } = await closed
    expect([code, reason]).toEqual([4321, 'as asked'])
  })

  test.each([
    ['/ws', {}, 401, 'credential_missing'],
    ['/ws', { authorization: 'Bearer nonsense' }, 401, 'credential_invalid'],
    [
      '/session',
      { cookie: 'tollgate_session=x', origin: 'http://evil.example' },
      403,
      'permission_denied',
    ],
    [
      '/session',
      { cookie: 'tollgate_session=x', 'sec-fetch-site': 'cross-site' },
      403,
      'permission_denied',
    ],
    ['/nowhere', {}, 404, 'route_unknown'],
  ])(
    'to %s with %p is refused with %d before the upstream hears of it',
    async (path, headers, status, code) => {
      const before = seen.length
      const answer = await handshake(path, headers)
      expect(answer).toStartWith(`HTTP/1.1 ${status} `)
      expect(answer).toContain(`"code":"${code}"`)
      expect(seen.length).toBe(before)
    },
  )

  test('needs the permission of the route', async () => {
    const answer = await handshake('/ws', { authorization: `Bearer ${other}` })
    expect(answer).toStartWith('HTTP/1.1 403 ')
  })

  test('is not opened on a route that does not admit it', async () => {
    expect(await handshake('/plain', {})).toStartWith('HTTP/1.1 200 ')
    expect(seen.at(-1)?.get('upgrade')).toBeNull()
  })

  test('counts as in flight for as long as it lives', async () => {
    const first = await open('/single', { credential: secret })
    const status = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${secret}` }
      return (await fetch(`${gate.url}/single`, { headers })).status
    }
    expect(await status()).toBe(429)
    first.socket.close()
    await first.closed
    await until(async () => (await status()) === 200)
  })

  test('is recorded once, with 101', async () => {
    const find = async (): Promise<unknown[]> => {
      const page = await gate.json('GET', '/v1/audit?kind=traffic&limit=500')
      const records = page['data'] as { route: string; status: number }[]
      return records.filter(({ route, status }) => route === '/open' && status === 101)
    }
    await until(async () => (await find()).length > 0)
    const before = (await find()).length
    const { socket, closed } = await open('/open')
    socket.close()
    await closed
    await until(async () => (await find()).length > before)
    expect(await find()).toHaveLength(before + 1)
  })

  test.each([
    ['its key is revoked', 'POST', (id: string) => `/v1/tenants/acme/keys/${id}/revoke`, undefined],
    ['its key is deleted', 'DELETE', (id: string) => `/v1/tenants/acme/keys/${id}`, undefined],
    [
      'its key loses the permission',
      'PATCH',
      (id: string) => `/v1/tenants/acme/keys/${id}`,
      { permissions: ['else:read'] },
    ],
    [
      'its key is banned',
      'POST',
      () => '/v1/bans',
      (id: string) => ({ kind: 'key', subject: id, reason: 'test', tenantId: 'acme' }),
    ],
  ] as const)('is closed within a second when %s', async (_name, method, path, body) => {
    const key = await makeKey(gate, 'acme', { permissions: ['talk:read'] })
    const { socket, received, closed } = await open('/ws', { credential: key.secret })
    socket.send('still here')
    await until(async () => received.length === 1)
    const done = await gate.call(
      method,
      path(key.id),
      typeof body === 'function' ? body(key.id) : body,
    )
    expect([200, 201, 204]).toContain(done.status)
    const codes: number[] = []
    void closed.then(({ code }) => codes.push(code))
    expect(
      await untilGates([gate.pid], async () => codes.length > 0, 'the end of the connection'),
    ).toBeLessThan(1000)
    expect(codes).toEqual([1008])
    await until(async () => closes.at(-1)?.[0] === 1008)
  })

  test('stays open for as long as its caller may have it', async () => {
    const key = await makeKey(gate, 'acme', { permissions: ['talk:read'] })
    const { socket, received } = await open('/ws', { credential: key.secret })
    await until(async () => {
      socket.send('again')
      await Bun.sleep(100)
      return received.length >= 12
    })
    expect(socket.readyState).toBe(WebSocket.OPEN)
    const before = closes.length
    socket.close()
    await until(async () => closes.length > before)
  })

  test('whose client does not read is closed, and the gate keeps little of what was sent', async () => {
    const { hostname, port } = new URL(gate.url)
    const socket = connect(Number(port), hostname)
    const before = closes.length
    const request = `GET /open HTTP/1.1\r\nhost: ${hostname}:${port}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
    socket.on('error', () => undefined)
    socket.write(request)
    await new Promise((resolve) => {
      socket.once('data', resolve)
    })
    socket.pause()
    // A masked text frame, the mask being zero: "flood".
    socket.write(Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from('flood')]))
    await until(async () => closes.length > before)
    expect(closes.at(-1)?.[0]).toBe(1013)
    socket.destroy()
    expect((await fetch(`${gate.url}/plain`)).status).toBe(200)
  }, 20_000)
})

describe('stopping', () => {
  test('tells open sockets that the gate goes away', async () => {
    const one = await startGateProcess(makeFolder(CONFIG))
    const socket = new WebSocket(`${one.url.replace('http', 'ws')}/open`)
    await new Promise((resolve) => {
      socket.addEventListener('open', resolve)
    })
    const closed = new Promise<CloseEvent>((resolve) => {
      socket.addEventListener('close', resolve)
    })
    const status = one.stop()
    expect((await closed).code).toBe(1001)
    expect(await status).toBe(0)
    removeFolder(one.folder)
  })
})
