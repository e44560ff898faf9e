import type { Socket } from 'bun'
import { unpinned } from './body-room.ts'
import type { Gathering } from './outbox.ts'
import { Outbox } from './outbox.ts'

/** The client's side of a tunnel. */
export interface TunnelClient {
  readonly socket: Pick<Socket, 'pause' | 'resume'>
  readonly outbox: Outbox
  /** The other side has said everything. */
  onEnd(isRefused: boolean): void
}

const SWITCHED = 'HTTP/1.1 101'

/** What is kept of a client that speaks too early; one that says more gets no WebSocket. */
const EARLY_BYTES_MAX = 65_536

/**
 * Carries a connection on to a Unix socket: bytes both ways, no faster than either side takes them. What a client
 * sends before it has the answer, which RFC 6455 §4.1 forbids, is kept until the protocol is switched: a server
 * that still answers the request would take it for the next one. Where the request is refused, it is dropped.
 */
export class Tunnel {
  private readonly client: TunnelClient
  private readonly gathering: Gathering
  private inner: Socket | undefined = undefined
  private toInner: Outbox | undefined = undefined
  /** What is said first. */
  private readonly opening: Uint8Array
  /** What came before the protocol was switched. */
  private early: Uint8Array[] = []
  private earlyBytes = 0
  /** The answer, as far as it says whether it was. */
  private status = ''
  private isSwitched = false
  private isClientEnded = false
  private isClosed = false

  /**
   * @param opening - The request.
   * @param early - What came behind it.
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

  /** Keeps what came too early, unless it is too much. */
  private keep(bytes: Uint8Array): void {
    this.earlyBytes += bytes.length
    if (this.earlyBytes > EARLY_BYTES_MAX) this.early = []
    else this.early.push(unpinned(bytes))
  }

  private get isRefused(): boolean {
    return this.status.length === SWITCHED.length && !this.isSwitched
  }

  /** The client takes bytes again; all that was kept for it is written. */
  drained(): void {
    this.inner?.resume()
  }

  /** The client sends no more. */
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

  /** What was to be said in the WebSocket is lost. */
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
