import type { SocketHandler, TCPSocketListener, TLSOptions } from 'bun'
import type { Listener } from '../listener.ts'
import { canonicalPeer, explainListen } from '../listener.ts'
import type { HttpSocket } from './connection.ts'
import { Http1Connection } from './connection.ts'
import { Connections } from './connections.ts'
import { failureOfHandshake } from './handshake.ts'
import type { Http1ListenerOptions } from './options.ts'
import type { Http1World } from './world.ts'
import { TICK_MS, createWorld, dateLine } from './world.ts'

/** A running listener that reads HTTP/1.1 itself. */
export interface Http1Listener extends Listener {
  readonly openConnections: number
  /** Bytes of request bodies held in memory. */
  readonly bodiesHeldBytes: number
  /** From now on, refuses requests whose body has more bytes. */
  boundBodies(bytesMax: number): void
}

/** Opens a listener. Throws a ListenError if the address cannot be bound. */
export function openHttp1Listener(options: Http1ListenerOptions): Http1Listener {
  const scheme = options.tls === undefined ? 'http' : 'https'
  const world = createWorld(options, scheme)
  const connections = new Connections(options)
  const server = bind(options, world, connections)
  const every = options.every ?? everyInterval
  const stopTicking = every(TICK_MS, () => tick(world, connections))
  const host = options.hostname.includes(':') ? `[${options.hostname}]` : options.hostname
  return {
    url: `${scheme}://${host}:${server.port}`,
    port: server.port,
    connections: () => connections.busy,
    get requestsInFlight() {
      return world.inFlight
    },
    get openConnections() {
      return connections.all.size
    },
    get bodiesHeldBytes() {
      return world.bodyRoom.takenBytes
    },
    boundBodies: (bytesMax) => {
      world.bodyBytesMax = bytesMax
    },
    drain: async (deadlineMs) => {
      const finished = await drain(server, world, connections, deadlineMs)
      stopTicking()
      return finished
    },
  }
}

function tick(world: Http1World, connections: Connections): void {
  world.tick += 1
  world.dateLine = dateLine()
  for (const connection of connections.all) connection.tick()
}

function everyInterval(intervalMs: number, run: () => void): () => void {
  const timer = setInterval(run, intervalMs)
  return () => clearInterval(timer)
}

function bind(
  options: Http1ListenerOptions,
  world: Http1World,
  connections: Connections,
): TCPSocketListener<Http1Connection | undefined> {
  const { hostname, port, reusePort, tls } = options
  try {
    return Bun.listen<Http1Connection | undefined>(
      withReusePort(reusePort, {
        hostname,
        port,
        allowHalfOpen: true,
        ...(tls !== undefined && { tls: { ...tls, ALPNProtocols: ALPN_HTTP1 } }),
        socket: handlers(world, connections, tls),
      }),
    )
  } catch (error) {
    throw explainListen(error, hostname, port)
  }
}

/** The protocol list of RFC 7301 §3.1: each name is preceded by its length. */
const ALPN_HTTP1 = '\x08http/1.1'

/** Bun accepts `reusePort` here as everywhere else, but its types do not declare it. */
const withReusePort = <T extends object>(reusePort: boolean, options: T): T =>
  Object.assign(options, { reusePort })

const CONNECTIONS_MAX = {
  reason: 'connections_max',
  code: 'unavailable',
  requestId: undefined,
  isHandled: false,
} as const

type Handlers = SocketHandler<Http1Connection | undefined>

function handlers(
  world: Http1World,
  connections: Connections,
  tls: TLSOptions | undefined,
): Handlers {
  const open = (socket: HttpSocket): void => {
    const address = canonicalPeer(socket.remoteAddress)
    if (connections.mayOpen(address)) {
      connections.add((socket.data = new Http1Connection(socket, world, address)))
      return
    }
    socket.terminate()
    world.onRejected({ ...CONNECTIONS_MAX, address })
  }
  const guarded = ({ data: connection }: HttpSocket, run: (it: Http1Connection) => void): void => {
    if (connection === undefined) return
    try {
      run(connection)
    } catch (error) {
      connection.fail(error)
    }
  }
  const plain: Handlers = {
    open,
    data(socket, chunk) {
      const connection = socket.data
      try {
        connection?.receive(chunk)
      } catch (error) {
        connection?.fail(error)
      }
    },
    drain: (socket) => guarded(socket, (connection) => connection.drained()),
    end: (socket) => guarded(socket, (connection) => connection.ended()),
    // A TLS session broke, which is no bug.
    error: (socket) => guarded(socket, (connection) => connection.cut()),
    close(socket) {
      const connection = socket.data
      if (connection === undefined) return
      connections.remove(connection)
      connection.closed()
    },
  }
  if (tls === undefined) return plain
  const needsCertificate = tls.requestCert === true && tls.rejectUnauthorized !== false
  return {
    ...plain,
    // With this handler, connections are known from the start, so that time limits apply to handshakes, too.
    handshake(socket, isDone, error) {
      const { data: connection, authorized: isAuthorized } = socket
      const failure = failureOfHandshake({ isDone, isAuthorized, error }, needsCertificate)
      if (failure === undefined || connection === undefined) return
      connection.cut()
      const { address } = connection
      world.onRejected({ ...failure, address, requestId: undefined, isHandled: false })
    },
  }
}

const DRAIN_POLL_MS = 20
/**
 * For this long, requests are answered that clients send before they learn that the server is going away: a load
 * balancer does not repeat requests that are not idempotent.
 */
const GRACE_MS = 100

async function drain(
  server: TCPSocketListener<Http1Connection | undefined>,
  world: Http1World,
  connections: Connections,
  deadlineMs: number,
): Promise<boolean> {
  world.isDraining = true
  // Closing resets connections that wait to be accepted; one turn of the event loop accepts them all.
  if (deadlineMs > 0) await Bun.sleep(1)
  server.stop(false)
  const sinceMs = performance.now()
  const untilMs = sinceMs + deadlineMs
  const graceUntilMs = sinceMs + Math.min(GRACE_MS, deadlineMs)
  const told = world.webSockets?.drain(deadlineMs)
  for (const connection of connections.all) if (!connection.isReading) connection.finish()
  while (connections.reading > 0 && performance.now() < graceUntilMs) await Bun.sleep(DRAIN_POLL_MS)
  for (const connection of connections.all) connection.finish()
  while (connections.busy > 0 && performance.now() < untilMs) await Bun.sleep(DRAIN_POLL_MS)
  const finished = connections.busy === 0
  for (const connection of connections.all) connection.cut()
  await told
  return finished
}
