import type { Socket } from 'bun'
import type { Gathering } from './outbox.ts'
import { Outbox } from './outbox.ts'

/** The client's side of a tunnel. */
export interface TunnelClient {
  readonly socket: Pick<Socket, 'pause' | 'resume'>
  readonly outbox: Outbox
  /** The other side has said everything. */
  onEnd(): void
}

/** Carries a connection on to a Unix socket: bytes both ways, no faster than either side takes them. */
export class Tunnel {
  private readonly client: TunnelClient
  private readonly gathering: Gathering
  private inner: Socket | undefined = undefined
  private toInner: Outbox | undefined = undefined
  /** What came before the inner socket was there. */
  private waiting: Uint8Array[]
  private isClientEnded = false
  private isClosed = false

  constructor(client: TunnelClient, gathering: Gathering, path: string, first: Uint8Array[]) {
    this.client = client
    this.gathering = gathering
    this.waiting = first
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
    if (toInner === undefined) {
      this.waiting.push(chunk)
      return
    }
    toInner.bytes(chunk)
    if (!toInner.flush()) this.client.socket.pause()
  }

  /** The client takes bytes again; all that was kept for it is written. */
  drained(): void {
    this.inner?.resume()
  }

  /** The client sends no more. */
  clientEnded(): void {
    this.isClientEnded = true
    if (this.toInner?.isEmpty === true) this.inner?.shutdown()
  }

  /** The client is gone. */
  abandon(): void {
    this.isClosed = true
    this.inner?.terminate()
  }

  private opened(inner: Socket): void {
    if (this.isClosed) return inner.terminate()
    const { gathering, client, waiting } = this
    this.inner = inner
    this.toInner = new Outbox(inner, gathering)
    this.waiting = []
    for (const bytes of waiting) this.toInner.bytes(bytes)
    if (this.toInner.flush()) client.socket.resume()
    if (this.isClientEnded) this.clientEnded()
  }

  private fromInner(inner: Socket, chunk: Buffer): void {
    if (this.isClosed) return
    const { outbox } = this.client
    outbox.bytes(chunk)
    if (!outbox.flush()) inner.pause()
  }

  private innerDrained(): void {
    if (this.toInner?.drain() !== true || this.isClosed) return
    if (this.isClientEnded) this.inner?.shutdown()
    this.client.socket.resume()
  }

  private close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.client.onEnd()
  }
}
