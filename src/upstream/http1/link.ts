import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ServerAddress } from './types.ts'

/** The events of a {@link Link}. All are called after the call that opened it has returned. */
export interface LinkEvents {
  /** The connection is established, with TLS if configured. */
  onOpen(): void
  /** Bytes arrived; they belong to the receiver. */
  onData(bytes: Buffer): void
  onDrain(): void
  /** The other side will send nothing more. */
  onEnd(): void
  /** The connection has closed, or could not be opened. May be called twice, and after {@link Link.destroy}. */
  onClose(cause: string): void
}

/** The byte stream of a connection. */
export interface Link {
  /**
   * Writes Latin-1 text or bytes, which must not be changed afterward; everything is accepted. Returns whether more may
   * be written at once; if not, `onDrain` says when.
   */
  write(data: string | Uint8Array): boolean
  /** Stops delivering what the other side sends. */
  pause(): void
  /** Continues after {@link Link.pause}. */
  resume(): void
  /** Closes at once; may be called twice. */
  destroy(): void
}

/** Starts opening a connection. */
export type OpenLink = (address: ServerAddress, events: LinkEvents) => Link

/** Opens connections with the sockets of `node:net` and `node:tls`, which every runtime has. */
export const openNodeLink: OpenLink = (address, events) => new NodeLink(address, events)

class NodeLink implements Link {
  readonly #socket: Socket

  constructor(address: ServerAddress, events: LinkEvents) {
    const { socket, readyEvent } = open(address)
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on(readyEvent, () => events.onOpen())
    socket.on('data', (bytes: Buffer) => events.onData(bytes))
    socket.on('drain', () => events.onDrain())
    socket.on('end', () => events.onEnd())
    socket.on('error', (error) => events.onClose(error.message))
    socket.on('close', () => events.onClose('connection closed'))
  }

  write(data: string | Uint8Array): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

function open({ host, port, unix, tls }: ServerAddress): { socket: Socket; readyEvent: string } {
  if (tls === undefined) {
    const socket = connectPlain(unix === undefined ? { host, port } : { path: unix })
    return { socket, readyEvent: 'connect' }
  }
  const socket = connectTls({
    host,
    port,
    servername: tls.serverName ?? (/^[\d.]+$|:/.test(host) ? '' : host),
    rejectUnauthorized: tls.rejectUnauthorized,
    ALPNProtocols: ['http/1.1'],
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
  })
  return { socket, readyEvent: 'secureConnect' }
}
