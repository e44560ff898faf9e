import type { Socket, SocketHandler, TCPSocketConnectOptions } from 'bun'
import type { Target } from '../target.ts'
import type { Expectation } from './response-parser.ts'
import { ResponseParser } from './response-parser.ts'

/** Why a connection ended unexpectedly. */
export type BrokenKind = 'closed' | 'connect' | 'protocol' | 'tls'

/** Callbacks of a connection. */
export interface ConnectionEvents<Context> {
  onOpen(connection: Connection<Context>): void
  onAnswer(connection: Connection<Context>): void
  /** Called once, unless the connection was ended from this side. */
  onBroken(connection: Connection<Context>, kind: BrokenKind, reason: string): void
}

/** A keep-alive connection with at most one request under way. */
export class Connection<Context> {
  readonly parser: ResponseParser
  /** What the sender remembers about the request under way. */
  readonly context: Context
  isOpen = false
  /** Whether it was ever open. */
  hasOpened = false
  isEnded = false
  readonly #events: ConnectionEvents<Context>
  #socket: Socket<Connection<Context>> | undefined
  /** Bytes that the socket has not accepted yet. */
  #unwritten: Uint8Array | undefined

  constructor(context: Context, events: ConnectionEvents<Context>) {
    this.context = context
    this.#events = events
    this.parser = new ResponseParser({
      onResponse: () => events.onAnswer(this),
      onMalformed: (reason) => this.broken('protocol', reason),
    })
  }

  /**
   * Begins to connect.
   *
   * @param source - Local address to connect from; the system's choice if absent.
   */
  open(target: Target, hostname: string, source?: string): void {
    const { tls, port } = target
    // The runtime supports `localAddress`, but its types lack it.
    const options: TCPSocketConnectOptions<Connection<Context>> & { localAddress?: string } = {
      hostname,
      port,
      data: this,
      socket: tls === null ? PLAIN : secure(tls.insecure),
    }
    if (source !== undefined) options.localAddress = source
    if (tls !== null) {
      options.tls = {
        serverName: tls.serverName,
        rejectUnauthorized: !tls.insecure,
        ...(tls.ca === null ? {} : { ca: tls.ca }),
      }
    }
    Bun.connect(options).catch((error: unknown) => {
      this.broken('connect', error instanceof Error ? error.message : String(error))
    })
  }

  send(request: Uint8Array, expected: Expectation): void {
    this.parser.expect(expected)
    const written = this.#socket?.write(request) ?? -1
    if (written < 0) this.broken('closed', 'the connection was closed')
    else if (written < request.length) this.#unwritten = request.subarray(written)
  }

  /** Ends the connection from this side; no callback follows. */
  end(): void {
    if (this.isEnded) return
    this.isEnded = true
    this.isOpen = false
    // Resets the connection rather than lingering: what was under way is given up.
    this.#socket?.terminate()
  }

  opened(socket: Socket<Connection<Context>>): void {
    this.#socket = socket
    if (this.isEnded) {
      socket.terminate()
      return
    }
    this.isOpen = true
    this.hasOpened = true
    this.#events.onOpen(this)
  }

  drained(): void {
    const rest = this.#unwritten
    if (rest === undefined || this.#socket === undefined) return
    const written = this.#socket.write(rest)
    this.#unwritten = written < rest.length ? rest.subarray(Math.max(0, written)) : undefined
  }

  /** The other side has closed. */
  closed(): void {
    if (this.isEnded || this.parser.end()) return
    this.broken('closed', 'the server closed the connection')
  }

  broken(kind: BrokenKind, reason: string): void {
    if (this.isEnded) return
    this.end()
    this.#events.onBroken(this, kind, reason)
  }
}

type Handler = SocketHandler<Connection<unknown>>

const PLAIN: Handler = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, chunk) => socket.data.parser.feed(chunk),
  drain: (socket) => socket.data.drained(),
  end: (socket) => socket.data.closed(),
  close: (socket) => socket.data.closed(),
  error: (socket, error) => socket.data.broken('closed', error.message),
  connectError: (socket, error) => socket.data.broken('connect', error.message),
}

/** Handlers for TLS: a connection is open after the handshake, if the certificate is accepted. */
function secure<Context>(insecure: boolean): SocketHandler<Connection<Context>> {
  return {
    ...(PLAIN as SocketHandler<Connection<Context>>),
    open: () => undefined,
    handshake: (socket, success, error) => {
      if (insecure || (success && error === null)) socket.data.opened(socket)
      else socket.data.broken('tls', error?.message ?? 'the certificate was not accepted')
    },
  }
}
