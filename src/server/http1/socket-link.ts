import type { Socket, SocketHandler } from 'bun'
import { messageOf } from '../../core/error-message.ts'
import type { Link, LinkEvents, OpenLink, ServerAddress } from '../../upstream/index.ts'
import { openNodeLink } from '../../upstream/index.ts'
import type { Gathering } from './outbox.ts'
import { Outbox, createGathering } from './outbox.ts'
import type { TurnLink } from './socket-link-turn.ts'
import { LinkTurn } from './socket-link-turn.ts'

/** Connections in the making that nobody waits for any longer: these sockets cannot be closed before they are open. */
const ABANDONED_MAX = 64
/** More than this is handed over, or written, at once: there is nothing to be gained by waiting for others. */
const WAITING_BYTES_MAX = 131_072

/** What all links of one {@link OpenLink} share. */
interface Shared {
  readonly gathering: Gathering
  readonly turn: LinkTurn
  abandoned: number
}

/**
 * Creates what opens connections to upstreams with the runtime's own sockets: without the streams that
 * `node:net` puts around them a small exchange costs a tenth less. TLS stays with `node:tls`.
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
  /** What came in this turn, and what is to be sent in it. */
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

  /** The other side sends no more: what came before comes first. */
  ended(): void {
    this.handOver()
    this.events.onEnd()
  }

  /** The socket is gone. */
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
      // A bug, and this link's alone: those behind it in the turn have their answers still to come.
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

  /** It came to nothing. */
  private settled(): void {
    if (this.phase === 'abandoned') this.shared.abandoned -= 1
    this.phase = 'closed'
  }
}

/** The message says that it failed; only the code says why: refused, out of reach, no such name. */
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
