import type { Socket, SocketHandler } from 'bun'
import type { Link, LinkEvents, OpenLink, ServerAddress } from '../../upstream/index.ts'
import { openNodeLink } from '../../upstream/index.ts'
import type { Gathering } from './outbox.ts'
import { Outbox, createGathering } from './outbox.ts'

/** Connections in the making that nobody waits for any longer: these sockets cannot be closed before they are open. */
const ABANDONED_MAX = 64

/** What all links of one {@link OpenLink} share. */
interface Shared {
  readonly gathering: Gathering
  abandoned: number
}

/**
 * Creates what opens connections to upstreams with the runtime's own sockets: without the streams that
 * `node:net` puts around them a small exchange costs a tenth less. TLS stays with `node:tls`.
 */
export function createSocketLinks(): OpenLink {
  const shared: Shared = { gathering: createGathering(), abandoned: 0 }
  return (address, events) =>
    address.tls === undefined && shared.abandoned < ABANDONED_MAX
      ? new SocketLink(address, events, shared)
      : openNodeLink(address, events)
}

class SocketLink implements Link {
  readonly events: LinkEvents
  private readonly shared: Shared
  private socket: Socket<SocketLink> | undefined = undefined
  private outbox: Outbox | undefined = undefined
  private phase: 'opening' | 'open' | 'abandoned' | 'closed' = 'opening'

  constructor(address: ServerAddress, events: LinkEvents, shared: Shared) {
    this.events = events
    this.shared = shared
    void this.connect(address)
  }

  write(data: string | Uint8Array): boolean {
    const { outbox } = this
    if (outbox === undefined) return false
    if (typeof data === 'string') outbox.latin1(data)
    else outbox.bytes(data)
    return outbox.flush()
  }

  pause(): void {
    this.socket?.pause()
  }

  resume(): void {
    this.socket?.resume()
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
      const cause = error instanceof Error ? error.message : 'no connection'
      queueMicrotask(() => this.events.onClose(cause))
    }
  }

  /** It came to nothing. */
  private settled(): void {
    if (this.phase === 'abandoned') this.shared.abandoned -= 1
    this.phase = 'closed'
  }
}

const HANDLERS: SocketHandler<SocketLink> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.events.onData(bytes),
  drain: (socket) => socket.data.drained(),
  end: (socket) => socket.data.events.onEnd(),
  error: (socket, error) => socket.data.events.onClose(error.message),
  close: (socket) => socket.data.events.onClose('connection closed'),
}
