import type { Socket } from 'bun'
import { LabError } from '../core/index.ts'

/** What a proxy does with the connections that go through it. */
export type Fault =
  /** Passes everything on. */
  | { readonly kind: 'none' }
  /** Ends every connection, and takes no new ones. */
  | { readonly kind: 'cut' }
  /** Ends every connection once, and takes new ones. */
  | { readonly kind: 'reset' }
  /** Takes everything and passes nothing on, as a network that swallows packets does. */
  | { readonly kind: 'blackhole' }
  /** Passes everything on so much later. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Passes so many bytes a second on, in each direction of each connection. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }

/** A TCP proxy that breaks what goes through it, when it is told to. */
export interface FaultProxy {
  readonly port: number
  /** Applies to all connections at once, those that are there and those that come. */
  apply(fault: Fault): void
  readonly connections: number
  stop(): void
}

/** Where a proxy listens and leads. */
export interface FaultProxyOptions {
  /** Default `127.0.0.1`. */
  readonly hostname?: string
  /** Default 0: any that is free. */
  readonly port?: number
  readonly upstream: { readonly hostname: string; readonly port: number }
  /** Default 20,000; more are refused. */
  readonly connectionsMax?: number
}

const HELD_BYTES_MAX = 4 * 2 ** 20
const TICK_MS = 5

/** One direction of a connection. */
interface Pipe {
  to: Socket<Side> | undefined
  held: { readonly bytes: Uint8Array; readonly dueMs: number }[]
  heldBytes: number
  /** Bytes that may pass at once while throttled. */
  allowance: number
  isEnding: boolean
}

interface Link {
  readonly client: Socket<Side>
  server: Socket<Side> | undefined
  readonly up: Pipe
  readonly down: Pipe
}

interface Side {
  link: Link | undefined
  readonly isClient: boolean
}

const newPipe = (): Pipe => ({
  to: undefined,
  held: [],
  heldBytes: 0,
  allowance: 0,
  isEnding: false,
})

/** Starts a proxy. The clock is monotonic, in milliseconds. */
export function startFaultProxy(options: FaultProxyOptions, clockMs: () => number): FaultProxy {
  const { upstream, hostname = '127.0.0.1', port = 0, connectionsMax = 20_000 } = options
  const links = new Set<Link>()
  let fault: Fault = { kind: 'none' }

  const endLink = (link: Link): void => {
    if (!links.delete(link)) return
    link.client.terminate()
    link.server?.terminate()
  }
  /** Passes on what is due. Whoever takes too little has the rest held for them. */
  const flush = (link: Link, pipe: Pipe): void => {
    const { to } = pipe
    if (to === undefined || fault.kind === 'blackhole') return
    const nowMs = clockMs()
    for (
      let first = pipe.held[0];
      first !== undefined && first.dueMs <= nowMs;
      first = pipe.held[0]
    ) {
      const room = fault.kind === 'throttle' ? Math.floor(pipe.allowance) : Infinity
      const part = first.bytes.subarray(0, Math.min(first.bytes.length, room))
      if (part.length === 0) return
      const written = Math.max(0, to.write(part))
      pipe.heldBytes -= written
      pipe.allowance -= written
      if (written < first.bytes.length) {
        pipe.held[0] = { bytes: first.bytes.subarray(written), dueMs: first.dueMs }
        return
      }
      pipe.held.shift()
    }
    if (pipe.isEnding && pipe.held.length === 0) endLink(link)
  }
  const take = (link: Link, pipe: Pipe, chunk: Uint8Array): void => {
    pipe.heldBytes += chunk.length
    if (pipe.heldBytes > HELD_BYTES_MAX) {
      endLink(link)
      return
    }
    const delayMs = fault.kind === 'slow' ? fault.delayMs : 0
    pipe.held.push({ bytes: Uint8Array.from(chunk), dueMs: clockMs() + delayMs })
    if (fault.kind === 'none') flush(link, pipe)
  }
  const pipeFrom = ({ isClient }: Side, link: Link): Pipe => (isClient ? link.up : link.down)
  const pipeTo = ({ isClient }: Side, link: Link): Pipe => (isClient ? link.down : link.up)
  /** One side is done: the other gets what is held, and then the end. */
  const close = (side: Side): void => {
    const { link } = side
    if (link === undefined || !links.has(link)) return
    const pipe = pipeFrom(side, link)
    pipe.isEnding = true
    flush(link, pipe)
  }
  const handlers = {
    data: (socket: Socket<Side>, chunk: Uint8Array) => {
      const { link } = socket.data
      if (link !== undefined) take(link, pipeFrom(socket.data, link), chunk)
    },
    drain: (socket: Socket<Side>) => {
      const { link } = socket.data
      if (link !== undefined) flush(link, pipeTo(socket.data, link))
    },
    end: (socket: Socket<Side>) => close(socket.data),
    close: (socket: Socket<Side>) => close(socket.data),
    error: (socket: Socket<Side>) => close(socket.data),
  }
  const connect = (link: Link): void => {
    const data: Side = { link, isClient: false }
    const socket = {
      ...handlers,
      open: (server: Socket<Side>) => {
        link.server = server
        link.up.to = server
        if (links.has(link)) flush(link, link.up)
        else server.terminate()
      },
      connectError: () => endLink(link),
    }
    Bun.connect<Side>({ hostname: upstream.hostname, port: upstream.port, data, socket }).catch(
      () => endLink(link),
    )
  }
  const listener = Bun.listen<Side>({
    hostname,
    port,
    data: { link: undefined, isClient: true },
    socket: {
      ...handlers,
      open: (client) => {
        if (fault.kind === 'cut' || links.size >= connectionsMax) {
          client.terminate()
          return
        }
        const link: Link = { client, server: undefined, up: newPipe(), down: newPipe() }
        client.data = { link, isClient: true }
        link.down.to = client
        links.add(link)
        connect(link)
      },
    },
  })
  const timer = setInterval(() => {
    if (fault.kind === 'none') return
    for (const link of links) {
      for (const pipe of [link.up, link.down]) {
        if (fault.kind === 'throttle') {
          const gained = (fault.bytesPerSecond * TICK_MS) / 1000
          pipe.allowance = Math.min(pipe.allowance + gained, Math.max(1, fault.bytesPerSecond / 10))
        }
        flush(link, pipe)
      }
    }
  }, TICK_MS)
  return {
    port: listener.port,
    get connections() {
      return links.size
    },
    apply(next) {
      if (next.kind === 'slow' && !(next.delayMs >= 0))
        throw new LabError('a delay is 0 ms or more')
      if (next.kind === 'throttle' && !(next.bytesPerSecond > 0)) {
        throw new LabError('a throttle lets more than 0 bytes a second through')
      }
      fault = next.kind === 'reset' ? { kind: 'none' } : next
      if (next.kind === 'cut' || next.kind === 'reset') for (const link of links) endLink(link)
      if (fault.kind !== 'none') return
      for (const link of links) {
        for (const pipe of [link.up, link.down]) {
          // What was held back by a fault that is over goes out now.
          pipe.held = pipe.held.map(({ bytes }) => ({ bytes, dueMs: 0 }))
          flush(link, pipe)
        }
      }
    },
    stop() {
      clearInterval(timer)
      listener.stop(true)
      for (const link of links) endLink(link)
    },
  }
}
