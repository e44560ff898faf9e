import type { SocketHandler, TCPSocketListener, TLSOptions } from 'bun'
import type { Answer } from '../../core/answer.ts'
import type { Listener } from '../listener.ts'
import { canonicalPeer, explainListen } from '../listener.ts'
import type { HttpSocket } from './connection.ts'
import { Http1Connection } from './connection.ts'
import { createGathering } from './outbox.ts'
import type { UnreadableReason } from './request-head.ts'
import { createWebSocketDoor } from './web-socket-door.ts'
import type { Handle, Http1World } from './world.ts'
import { TICK_MS, ticksOf } from './world.ts'

/** What a listener needs to know. */
export interface Http1ListenerOptions {
  readonly hostname: string
  readonly port: number
  readonly bodyBytesMax: number
  readonly idleTimeoutMs: number
  /** Requests in flight at most: more are turned away before anything is done for them. */
  readonly requestsMax: number
  /** Connections at most: more are closed at once. Default 20,000. */
  readonly connectionsMax?: number
  /** Connections of one address at most. Default no limit. */
  readonly connectionsPerAddressMax?: number
  /** Bytes of a request's head at most. Default 16 KiB. */
  readonly headBytesMax?: number
  /** Whether requests for WebSockets are handed to a server that can have them. Default true. */
  readonly webSockets?: boolean
  readonly reusePort: boolean
  readonly tls?: TLSOptions
  readonly handle: Handle
  /** Something escaped the gate: a bug. Answers without telling anything. */
  readonly onBug: (error: unknown) => Answer
  /** A request could not be read, and was answered with `status`. */
  readonly onUnreadable?: (address: string, status: number, reason: UnreadableReason) => void
  /** Calls `run` every so many milliseconds until the returned function is called. Default `setInterval`. */
  readonly every?: (intervalMs: number, run: () => void) => () => void
}

const CONNECTIONS_MAX = 20_000
const HEAD_BYTES_MAX = 16_384

/** A running listener that reads HTTP/1.1 itself. */
export interface Http1Listener extends Listener {
  readonly openConnections: number
  /** Connections closed at once because too many were open. */
  readonly connectionsRefused: number
  /** Requests that could not be read. */
  readonly unreadable: number
}

/** Opens a listener. Throws a ListenError when the address cannot be bound. */
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
    get turnedAway() {
      return world.turnedAway
    },
    get openConnections() {
      return connections.all.size
    },
    get connectionsRefused() {
      return connections.refused
    },
    get unreadable() {
      return world.unreadable
    },
    drain: async (deadlineMs) => {
      const finished = await drain(server, world, connections, deadlineMs)
      stopTicking()
      return finished
    },
  }
}

function createWorld(options: Http1ListenerOptions, scheme: 'http' | 'https'): Http1World {
  return {
    rules: { scheme, headBytesMax: options.headBytesMax ?? HEAD_BYTES_MAX },
    bodyBytesMax: options.bodyBytesMax,
    requestsMax: options.requestsMax,
    idleTicks: ticksOf(options.idleTimeoutMs),
    gathering: createGathering(),
    handle: options.handle,
    webSockets:
      options.webSockets === false ? undefined : createWebSocketDoor({ ...options, scheme }),
    onBug: options.onBug,
    onUnreadable: options.onUnreadable ?? (() => {}),
    tick: 0,
    dateLine: dateLine(),
    isDraining: false,
    inFlight: 0,
    turnedAway: 0,
    unreadable: 0,
  }
}

const dateLine = (): string => `date: ${new Date().toUTCString()}\r\n`

function tick(world: Http1World, connections: Connections): void {
  world.tick += 1
  world.dateLine = dateLine()
  for (const connection of connections.all) {
    if (connection.deadlineTick <= world.tick) connection.expire()
  }
}

function everyInterval(intervalMs: number, run: () => void): () => void {
  const timer = setInterval(run, intervalMs)
  return () => clearInterval(timer)
}

/** The open connections of a listener, and how many there may be. */
class Connections {
  readonly all = new Set<Http1Connection>()
  refused = 0
  private readonly max: number
  private readonly perAddressMax: number | undefined
  private readonly perAddress = new Map<string, number>()

  constructor({ connectionsMax, connectionsPerAddressMax }: Http1ListenerOptions) {
    this.max = connectionsMax ?? CONNECTIONS_MAX
    this.perAddressMax = connectionsPerAddressMax
  }

  /** With a request in flight or a WebSocket. */
  get busy(): number {
    let count = 0
    for (const connection of this.all) if (connection.isBusy) count += 1
    return count
  }

  mayOpen(address: string): boolean {
    const { perAddressMax } = this
    const isFull =
      this.all.size >= this.max ||
      (perAddressMax !== undefined && (this.perAddress.get(address) ?? 0) >= perAddressMax)
    if (isFull) this.refused += 1
    return !isFull
  }

  add(connection: Http1Connection): void {
    this.all.add(connection)
    if (this.perAddressMax === undefined) return
    this.perAddress.set(connection.address, (this.perAddress.get(connection.address) ?? 0) + 1)
  }

  remove(connection: Http1Connection): void {
    if (!this.all.delete(connection) || this.perAddressMax === undefined) return
    const left = (this.perAddress.get(connection.address) ?? 1) - 1
    if (left > 0) this.perAddress.set(connection.address, left)
    else this.perAddress.delete(connection.address)
  }
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

/** The list of protocols of RFC 7301 §3.1: each with its length before it. */
const ALPN_HTTP1 = '\x08http/1.1'

/** Bun understands `reusePort` here as it does everywhere, and does not declare it. */
const withReusePort = <T extends object>(reusePort: boolean, options: T): T =>
  Object.assign(options, { reusePort })

type Handlers = SocketHandler<Http1Connection | undefined>

function handlers(
  world: Http1World,
  connections: Connections,
  tls: TLSOptions | undefined,
): Handlers {
  const open = (socket: HttpSocket): void => {
    const address = canonicalPeer(socket.remoteAddress)
    if (world.isDraining || !connections.mayOpen(address)) socket.terminate()
    else connections.add((socket.data = new Http1Connection(socket, world, address)))
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
    // A TLS session broke: nobody's bug.
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
    // With this handler connections are known from their beginning, so that time limits hold for handshakes too.
    handshake(socket, isDone, error) {
      if (!isDone || (needsCertificate && (error !== null || !socket.authorized))) {
        socket.data?.cut()
      }
    },
  }
}

const DRAIN_POLL_MS = 20

async function drain(
  server: TCPSocketListener<Http1Connection | undefined>,
  world: Http1World,
  connections: Connections,
  deadlineMs: number,
): Promise<boolean> {
  world.isDraining = true
  server.stop(false)
  for (const connection of connections.all) connection.finish()
  const untilMs = performance.now() + deadlineMs
  const told = world.webSockets?.drain(deadlineMs)
  while (connections.busy > 0 && performance.now() < untilMs) await Bun.sleep(DRAIN_POLL_MS)
  const finished = connections.busy === 0
  for (const connection of connections.all) connection.cut()
  await told
  return finished
}
