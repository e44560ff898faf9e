import type { Server, TLSOptions } from 'bun'
import type { Connection, GatewayConfig } from '../gate/index.ts'
import type { WebSocketBridge } from '../upstream/index.ts'
import type { Answer } from '../core/answer.ts'
import type { IncomingRequest } from '../core/incoming-request.ts'
import { FetchRequest } from '../core/incoming-request.ts'
import { problemResponse } from '../core/problem.ts'
import { refuse } from '../core/refusal.ts'
import type { Served, ToServed } from './served-response.ts'
import { createToServed } from './served-response.ts'
import type { WebSockets } from './web-sockets.ts'
import { createWebSockets } from './web-sockets.ts'

/** What a listener needs to know. */
export interface ListenerOptions {
  readonly hostname: string
  readonly port: number
  readonly bodyBytesMax: number
  readonly idleTimeoutMs: number
  /** Requests in flight at most: more are turned away before anything is done for them. */
  readonly requestsMax: number
  readonly reusePort: boolean
  readonly tls?: TLSOptions
  /** An answer with status 101 means that the connection was upgraded and that it is on its way already. */
  readonly handle: (
    request: IncomingRequest,
    connection: ServerConnection,
  ) => Answer | Promise<Answer>
  /** Something escaped the gate: a bug. Answers without telling anything. */
  readonly onBug: (error: Error) => Response
}

/** What a configuration says about a listener on one of its addresses. */
export function listenerOptions(
  config: GatewayConfig,
  address: string,
): Omit<ListenerOptions, 'handle' | 'onBug'> {
  const { tls, idleTimeout } = config.listen
  const sizes = config.routes.map((route) => route.bodyMax ?? 0)
  return {
    ...parseAddress(address),
    bodyBytesMax: Math.max(config.defaults.bodyMax, ...sizes),
    idleTimeoutMs: idleTimeout,
    requestsMax: config.listen.requestsMax,
    reusePort: false,
    ...(tls !== undefined && {
      tls: {
        cert: tls.certificate,
        key: tls.key,
        ...(tls.clientAuthority !== undefined && {
          ca: tls.clientAuthority,
          requestCert: true,
          rejectUnauthorized: true,
        }),
      },
    }),
  }
}

/** A connection, with the abilities that only the server has. */
export type ServerConnection = Required<Connection>

/** A running listener. */
export interface Listener {
  readonly url: string
  readonly port: number
  connections(): number
  readonly requestsInFlight: number
  /** Requests turned away because too many were in flight. */
  readonly turnedAway: number
  /**
   * Refuses new connections, tells WebSockets that the server goes, lets requests in flight finish,
   * then closes; what is left after `deadlineMs` is cut. Resolves with whether everything had finished.
   */
  drain(deadlineMs: number): Promise<boolean>
}

/** Bun closes idle connections in whole seconds, at most 255. */
const IDLE_SECONDS_MAX = 255

/** The address is in use, or may not be bound. */
export class ListenError extends Error {
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.name = 'ListenError'
    this.code = code
  }
}

/** Opens a listener. Throws a {@link ListenError} when the address cannot be bound. */
export function openListener(options: ListenerOptions): Listener {
  const scheme = options.tls === undefined ? 'http' : 'https'
  const sockets = createWebSockets()
  let turnedAway = 0
  const turnAway = (): Response => {
    turnedAway += 1
    return problemResponse(refuse('unavailable', { headers: { 'retry-after': '1' } }), 'busy')
  }
  const connect = (serving: SocketServer): ServerConnection => createConnection(serving, scheme)
  const server = bind(options, sockets, connect, turnAway)
  const host = options.hostname.includes(':') ? `[${options.hostname}]` : options.hostname
  const port = server.port ?? options.port
  return {
    url: `${scheme}://${host}:${port}`,
    port,
    connections: () => server.pendingRequests + server.pendingWebSockets,
    get requestsInFlight() {
      return server.pendingRequests
    },
    get turnedAway() {
      return turnedAway
    },
    drain: (deadlineMs) => drain(server, sockets, deadlineMs),
  }
}

type SocketServer = Server<WebSocketBridge>

function bind(
  options: ListenerOptions,
  sockets: WebSockets,
  connect: (server: SocketServer) => ServerConnection,
  turnAway: () => Response,
): SocketServer {
  const { requestsMax } = options
  const toServed = createToServed()
  let connection: ServerConnection | undefined
  try {
    return Bun.serve<WebSocketBridge>({
      hostname: options.hostname,
      port: options.port,
      reusePort: options.reusePort,
      development: false,
      maxRequestBodySize: options.bodyBytesMax,
      idleTimeout: Math.min(IDLE_SECONDS_MAX, Math.ceil(options.idleTimeoutMs / 1000)),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      fetch: (request, server) =>
        server.pendingRequests > requestsMax
          ? turnAway()
          : serve(
              options.handle(new FetchRequest(request), (connection ??= connect(server))),
              request.method,
              toServed,
            ),
      websocket: sockets.handlers,
      error: options.onBug,
    })
  } catch (error) {
    throw explainListen(error, options.hostname, options.port)
  }
}

const serve = (
  answer: Answer | Promise<Answer>,
  method: string,
  toServed: ToServed,
): Served | Promise<Served> =>
  answer instanceof Promise
    ? answer.then((settled) => toServed(settled, method))
    : toServed(answer, method)

/** What went wrong in binding an address, in words that help. */
export function explainListen(error: unknown, hostname: string, port: number): ListenError {
  const { code = 'EUNKNOWN', message } = error as NodeJS.ErrnoException
  const where = `${hostname}:${port}`
  const texts: Readonly<Record<string, string>> = {
    EADDRINUSE: `${where} is already in use; stop what listens there or choose another port`,
    EACCES: `${where} may not be bound by this user; choose a port above 1023`,
    EADDRNOTAVAIL: `${where} is not an address of this machine`,
  }
  return new ListenError(texts[code] ?? `${where} cannot be bound: ${message}`, code)
}

/** Takes `host:port` apart; IPv6 addresses stand in brackets. */
function parseAddress(address: string): { readonly hostname: string; readonly port: number } {
  const split = address.lastIndexOf(':')
  return {
    hostname: address.slice(0, split).replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.slice(split + 1)),
  }
}

function createConnection(server: SocketServer, scheme: 'http' | 'https'): ServerConnection {
  return {
    scheme,
    peerAddress: (request) => canonicalPeer(server.requestIP(request.toRequest())?.address ?? ''),
    upgrade: (request, data, headers) =>
      server.upgrade(request.toRequest(), { data, headers: { ...headers } }),
    extend: (request, timeoutMs) => {
      const seconds = Math.ceil(timeoutMs / 1000)
      server.timeout(request.toRequest(), seconds > IDLE_SECONDS_MAX ? 0 : seconds)
    },
  }
}

/** IPv4 clients of a dual-stack socket show up as IPv4-mapped IPv6 addresses. */
export function canonicalPeer(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** Bun's own stop waits for sockets that never sent a byte, so a timer races it. */
async function drain(
  server: SocketServer,
  sockets: WebSockets,
  deadlineMs: number,
): Promise<boolean> {
  const stopped = server.stop(false).then(() => true)
  sockets.closeAll()
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(server.pendingRequests === 0), deadlineMs)
  const finished = await Promise.race([stopped, idle(server), late])
  clearTimeout(timer)
  await Promise.race([server.stop(true), Bun.sleep(100)])
  return finished
}

const IDLE_POLL_MS = 20

async function idle(server: SocketServer): Promise<boolean> {
  while (server.pendingRequests > 0 || server.pendingWebSockets > 0) await Bun.sleep(IDLE_POLL_MS)
  return true
}

/** Throws a {@link ListenError} when nobody else may bind `host:port`; holds nothing. */
export function probeAddress(address: string): void {
  const { hostname, port } = parseAddress(address)
  try {
    Bun.listen({ hostname, port, socket: { data: () => undefined } }).stop(true)
  } catch (error) {
    throw explainListen(error, hostname, port)
  }
}
