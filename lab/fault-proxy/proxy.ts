import type { Socket, TCPSocketListener } from 'bun'
import type { Fault } from './fault.ts'
import { checkFault } from './fault.ts'
import { Pipe } from './pipe.ts'

/** A TCP proxy that breaks the connections through it when told to. */
export interface FaultProxy {
  readonly port: number
  /** Applies to all connections at once, present and future. */
  apply(fault: Fault): void
  readonly connections: number
  stop(): void
}

/** Where a proxy listens and where it forwards to. */
export interface FaultProxyOptions {
  /** Default `127.0.0.1`. */
  readonly hostname?: string
  /** Default 0: any free port. */
  readonly port?: number
  readonly upstream: { readonly hostname: string; readonly port: number }
  /** Default 20,000; connections beyond are refused. */
  readonly connectionsMax?: number
}

const TICK_MS = 5

interface Link {
  readonly client: Socket<Side>
  server: Socket<Side> | undefined
  /** From the client to the server. */
  readonly up: Pipe
  readonly down: Pipe
}

interface Side {
  link: Link | undefined
  readonly isClient: boolean
}

/** Starts a proxy. The clock is monotonic, in milliseconds. */
export function startFaultProxy(options: FaultProxyOptions, clockMs: () => number): FaultProxy {
  return new RunningProxy(options, clockMs)
}

class RunningProxy implements FaultProxy {
  readonly #upstream: FaultProxyOptions['upstream']
  readonly #connectionsMax: number
  readonly #clockMs: () => number
  readonly #links = new Set<Link>()
  readonly #listener: TCPSocketListener<Side>
  readonly #timer: ReturnType<typeof setInterval>
  #fault: Fault = { kind: 'none' }

  /** Socket handlers of both sides of a link. */
  readonly #handlers = {
    data: (socket: Socket<Side>, chunk: Uint8Array) => {
      const { link, isClient } = socket.data
      if (link !== undefined) this.#take(link, isClient ? link.up : link.down, chunk)
    },
    drain: (socket: Socket<Side>) => {
      const { link, isClient } = socket.data
      if (link !== undefined) this.#flush(link, isClient ? link.down : link.up)
    },
    end: (socket: Socket<Side>) => this.#close(socket.data),
    close: (socket: Socket<Side>) => this.#close(socket.data),
    error: (socket: Socket<Side>) => this.#close(socket.data),
  }

  constructor(options: FaultProxyOptions, clockMs: () => number) {
    const { upstream, hostname = '127.0.0.1', port = 0, connectionsMax = 20_000 } = options
    this.#upstream = upstream
    this.#connectionsMax = connectionsMax
    this.#clockMs = clockMs
    this.#listener = Bun.listen<Side>({
      hostname,
      port,
      data: { link: undefined, isClient: true },
      socket: { ...this.#handlers, open: (client) => this.#accept(client) },
    })
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  get port(): number {
    return this.#listener.port
  }

  get connections(): number {
    return this.#links.size
  }

  apply(fault: Fault): void {
    checkFault(fault)
    this.#fault = fault.kind === 'reset' ? { kind: 'none' } : fault
    if (fault.kind === 'cut' || fault.kind === 'reset') this.#endAll()
    if (this.#fault.kind !== 'none') return
    // Bytes that the previous fault held back go out now.
    this.#forEachPipe((link, pipe) => {
      pipe.release()
      this.#flush(link, pipe)
    })
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#listener.stop(true)
    this.#endAll()
  }

  #accept(client: Socket<Side>): void {
    if (this.#fault.kind === 'cut' || this.#links.size >= this.#connectionsMax) {
      client.terminate()
      return
    }
    const link: Link = { client, server: undefined, up: new Pipe(), down: new Pipe() }
    client.data = { link, isClient: true }
    link.down.leadTo(client)
    this.#links.add(link)
    this.#connect(link)
  }

  #connect(link: Link): void {
    const socket = {
      ...this.#handlers,
      open: (server: Socket<Side>) => {
        link.server = server
        link.up.leadTo(server)
        if (this.#links.has(link)) this.#flush(link, link.up)
        else server.terminate()
      },
      connectError: () => this.#end(link),
    }
    const { hostname, port } = this.#upstream
    const data: Side = { link, isClient: false }
    Bun.connect<Side>({ hostname, port, data, socket }).catch(() => this.#end(link))
  }

  #take(link: Link, pipe: Pipe, chunk: Uint8Array): void {
    const delayMs = this.#fault.kind === 'slow' ? this.#fault.delayMs : 0
    if (!pipe.hold(chunk, this.#clockMs() + delayMs)) this.#end(link)
    else if (this.#fault.kind === 'none') this.#flush(link, pipe)
  }

  #flush(link: Link, pipe: Pipe): void {
    if (pipe.flush(this.#fault, this.#clockMs())) this.#end(link)
  }

  /** When one side closes, the other gets the bytes that are held, and is then closed. */
  #close({ link, isClient }: Side): void {
    if (link === undefined || !this.#links.has(link)) return
    const pipe = isClient ? link.up : link.down
    pipe.end()
    this.#flush(link, pipe)
  }

  #end(link: Link): void {
    if (!this.#links.delete(link)) return
    link.client.terminate()
    link.server?.terminate()
  }

  #endAll(): void {
    for (const link of this.#links) this.#end(link)
  }

  #tick(): void {
    const fault = this.#fault
    if (fault.kind === 'none') return
    this.#forEachPipe((link, pipe) => {
      if (fault.kind === 'throttle') pipe.allow(fault.bytesPerSecond, TICK_MS)
      this.#flush(link, pipe)
    })
  }

  #forEachPipe(visit: (link: Link, pipe: Pipe) => void): void {
    for (const link of this.#links) {
      visit(link, link.up)
      visit(link, link.down)
    }
  }
}
