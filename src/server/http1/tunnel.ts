import type { Socket } from 'bun'
import { unpinned } from './body-room.ts'
import type { Gathering } from './outbox.ts'
import { Outbox } from './outbox.ts'

/** The client's side of a tunnel. */
export interface TunnelClient {
  readonly socket: Pick<Socket, 'pause' | 'resume'>
  readonly outbox: Outbox
  /** The server has finished sending. */
  onEnd(isRefused: boolean): void
}

const SWITCHED = 'HTTP/1.1 101'

/** How much is kept of what a client sends too early; one that sends more gets no WebSocket. */
const EARLY_BYTES_MAX = 65_536

/**
 * Relays a connection to a Unix socket: bytes both ways, no faster than either side takes them. RFC 6455 §4.1 forbids
 * clients to send anything before they have the answer. What they send nevertheless is kept until the protocol is
 * switched, because a server that is still answering would take it for the next request. If the request is refused, it
 * is dropped.
 */
export class Tunnel {
  private readonly client: TunnelClient
  private readonly gathering: Gathering
  private inner: Socket | undefined = undefined
  private toInner: Outbox | undefined = undefined
  /** The bytes to send first. */
  private readonly opening: Uint8Array
  /** What the client sent before the protocol was switched. */
  private early: Uint8Array[] = []
  private earlyBytes = 0
  /** The start of the answer, until it tells whether the protocol was switched. */
  private status = ''
  private isSwitched = false
  private isClientEnded = false
  private isClosed = false

  /**
   * @param opening - The request.
   * @param early - What followed it.
   */
  constructor(
    client: TunnelClient,
    gathering: Gathering,
    path: string,
    opening: Uint8Array,
    early: Uint8Array,
  ) {
    this.client = client
    this.gathering = gathering
    this.opening = opening
    if (early.length > 0) this.keep(early)
    client.socket.pause()
    Bun.connect({
      unix: path,
      socket: {
        open: (inner) => this.opened(inner),
        data: (inner, chunk) => this.fromInner(inner, chunk),
        drain: () => this.innerDrained(),
        close: () => this.close(),
        error: () => this.close(),
      },
    }).catch(() => this.close())
  }

  /** The client has sent bytes. */
  receive(chunk: Buffer): void {
    const { toInner } = this
    if (this.isRefused) return
    if (toInner === undefined || !this.isSwitched) {
      this.keep(chunk)
      this.client.socket.pause()
      return
    }
    toInner.bytes(chunk)
    if (!toInner.flush()) this.client.socket.pause()
  }

  /** Keeps what was sent too early, unless it is too much. */
  private keep(bytes: Uint8Array): void {
    this.earlyBytes += bytes.length
    if (this.earlyBytes > EARLY_BYTES_MAX) this.early = []
    else this.early.push(unpinned(bytes))
  }

  private get isRefused(): boolean {
    return this.status.length === SWITCHED.length && !this.isSwitched
  }

  /** The client accepts bytes again, and has taken everything that was kept for it. */
  drained(): void {
    this.inner?.resume()
  }

  /** The client has finished sending. */
  clientEnded(): void {
    this.isClientEnded = true
    if (this.toInner?.isEmpty === true && this.early.length === 0) this.inner?.shutdown()
  }

  /** The client is gone. */
  abandon(): void {
    this.isClosed = true
    this.inner?.terminate()
  }

  private opened(inner: Socket): void {
    if (this.isClosed) return inner.terminate()
    this.inner = inner
    this.toInner = new Outbox(inner, this.gathering)
    this.toInner.bytes(this.opening)
    if (this.toInner.flush()) this.innerTakesMore()
  }

  private fromInner(inner: Socket, chunk: Buffer): void {
    if (this.isClosed) return
    const { outbox } = this.client
    outbox.bytes(chunk)
    if (!outbox.flush()) inner.pause()
    if (this.status.length < SWITCHED.length) this.hearAnswer(chunk)
  }

  private hearAnswer(chunk: Buffer): void {
    this.status += chunk.toString('latin1', 0, SWITCHED.length - this.status.length)
    if (this.status.length < SWITCHED.length) return
    const { early, toInner } = this
    this.isSwitched = this.status === SWITCHED
    this.early = []
    if (this.isSwitched && this.earlyBytes > EARLY_BYTES_MAX) return this.giveUp()
    if (this.isSwitched) for (const bytes of early) toInner?.bytes(bytes)
    if (toInner?.flush() === true) this.innerTakesMore()
  }

  /** Closes both sides; what was still to be sent is lost. */
  private giveUp(): void {
    this.inner?.terminate()
    this.close()
  }

  private innerDrained(): void {
    if (this.toInner?.drain() === true && !this.isClosed) this.innerTakesMore()
  }

  private innerTakesMore(): void {
    if (this.early.length > 0) return
    if (this.isClientEnded) this.inner?.shutdown()
    this.client.socket.resume()
  }

  private close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.client.onEnd(this.isRefused)
  }
}
