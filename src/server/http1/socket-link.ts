import type { Socket, SocketHandler } from 'bun'
import { messageOf } from '../../core/error-message.ts'
import type { Link, LinkEvents, OpenLink, ServerAddress } from '../../upstream/index.ts'
import { openNodeLink } from '../../upstream/index.ts'
import type { Gathering } from './outbox.ts'
import { Outbox, createGathering } from './outbox.ts'
import type { TurnLink } from './socket-link-turn.ts'
import { LinkTurn } from './socket-link-turn.ts'

/** The most opening connections that are no longer wanted: these sockets cannot be closed before they are open. */
const ABANDONED_MAX = 64
/** More than this is handed over or written at once, because waiting for more would gain nothing. */
const WAITING_BYTES_MAX = 131_072

/** The state that all links of one {@link OpenLink} share. */
interface Shared {
  readonly gathering: Gathering
  readonly turn: LinkTurn
  abandoned: number
}

/**
 * Creates an {@link OpenLink} that uses the runtime's own sockets. Without the streams that `node:net` wraps around
 * them, a small exchange costs a tenth less. TLS still uses `node:tls`.
 */
export function createSocketLinks(): OpenLink {
  const shared: Shared = { gathering: createGathering(), turn: new LinkTurn(), abandoned: 0 }
  return (address, events) =>
    address.tls === undefined && shared.abandoned < ABANDONED_MAX
      ? new SocketLink(address, events, shared)
      : openNodeLink(address, events)
}

class SocketLink implements Link, TurnLink {
  readonly events: LinkEvents
  private readonly shared: Shared
  private socket: Socket<SocketLink> | undefined = undefined
  private outbox: Outbox | undefined = undefined
  /** The bytes that arrived in this turn, and those to be sent in it. */
  private arrived: Buffer | undefined = undefined
  private unsent: string | Uint8Array | undefined = undefined
  private isPaused = false
  private phase: 'opening' | 'open' | 'abandoned' | 'closed' = 'opening'

  constructor(address: ServerAddress, events: LinkEvents, shared: Shared) {
    this.events = events
    this.shared = shared
    void this.connect(address)
  }

  write(data: string | Uint8Array): boolean {
    const { outbox, unsent } = this
    if (outbox === undefined) return false
    if (unsent === undefined && outbox.isEmpty && data.length <= WAITING_BYTES_MAX) {
      this.unsent = data
      this.shared.turn.sendLater(this)
      return true
    }
    this.unsent = undefined
    if (unsent !== undefined) put(outbox, unsent)
    put(outbox, data)
    return outbox.flush()
  }

  send(): void {
    const { outbox, unsent, phase } = this
    if (unsent === undefined || outbox === undefined || phase !== 'open') return
    this.unsent = undefined
    put(outbox, unsent)
    outbox.flush()
  }

  pause(): void {
    this.isPaused = true
    this.socket?.pause()
  }

  resume(): void {
    this.isPaused = false
    if (this.arrived !== undefined) this.shared.turn.deliverLater(this)
    this.socket?.resume()
  }

  /** The socket has bytes. */
  receive(bytes: Buffer): void {
    const { arrived } = this
    this.arrived = arrived === undefined ? bytes : Buffer.concat([arrived, bytes])
    if (this.arrived.length > WAITING_BYTES_MAX) this.deliver()
    else if (arrived === undefined) this.shared.turn.deliverLater(this)
  }

  deliver(): void {
    if (!this.isPaused) this.handOver()
  }

  /** The other side has finished sending; first hands over what has arrived. */
  ended(): void {
    this.handOver()
    this.events.onEnd()
  }

  /** The socket has closed. */
  closed(cause: string): void {
    this.handOver()
    this.events.onClose(cause)
  }

  private handOver(): void {
    const { arrived, phase } = this
    this.arrived = undefined
    if (arrived === undefined || phase !== 'open') return
    try {
      this.events.onData(arrived)
    } catch (error) {
      // A bug must affect this link only: later links in the turn still have answers to hand over.
      this.events.onClose(messageOf(error))
      this.destroy()
    }
  }

  destroy(): void {
    const { phase, socket, shared } = this
    if (phase === 'opening') {
      this.phase = 'abandoned'
      shared.abandoned += 1
    } else if (phase === 'open') {
      this.phase = 'closed'
      // Without TLS this closes at once.
      socket?.end()
    }
  }

  opened(socket: Socket<SocketLink>): void {
    if (this.phase === 'abandoned') {
      this.settled()
      socket.end()
      return
    }
    this.phase = 'open'
    this.socket = socket
    this.outbox = new Outbox(socket, this.shared.gathering)
    socket.setNoDelay(true)
    this.events.onOpen()
  }

  drained(): void {
    if (this.outbox?.drain() === true) this.events.onDrain()
  }

  private async connect({ host, port, unix }: ServerAddress): Promise<void> {
    const options = { data: this as SocketLink, socket: HANDLERS }
    try {
      if (unix === undefined) await Bun.connect({ ...options, hostname: host, port })
      else await Bun.connect({ ...options, unix })
    } catch (error) {
      this.settled()
      const cause = causeOf(error)
      queueMicrotask(() => this.events.onClose(cause))
    }
  }

  /** The connection could not be opened. */
  private settled(): void {
    if (this.phase === 'abandoned') this.shared.abandoned -= 1
    this.phase = 'closed'
  }
}

/** The message says only that it failed; the code says why: refused, unreachable, no such name. */
function causeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const message = messageOf(error)
  return typeof code === 'string' && !message.includes(code) ? `${message}: ${code}` : message
}

const HANDLERS: SocketHandler<SocketLink> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.receive(bytes),
  drain: (socket) => socket.data.drained(),
  end: (socket) => socket.data.ended(),
  error: (socket, error) => socket.data.closed(error.message),
  close: (socket) => socket.data.closed('connection closed'),
}

function put(outbox: Outbox, data: string | Uint8Array): void {
  if (typeof data === 'string') outbox.latin1(data)
  else outbox.bytes(data)
}
