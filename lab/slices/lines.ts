import { LabError } from '../core/index.ts'
import type { ConnectionEvents, Target } from '../load/index.ts'
import { Connection } from '../load/index.ts'

/** A request under way. */
export interface Flight {
  plannedMs: number
  isBusy: boolean
}

/** What to do, during a slice, with answers and with requests that get none. */
export interface LineHooks {
  onAnswer(connection: Connection<Flight>): void
  onLost(reason: string): void
}

/** Requests not answered this long after a slice are given up, with their connections. */
const DRAIN_MS_MAX = 3000

/**
 * Connections to one origin. All variants on this origin share them: two sets of connections would differ in where
 * the server and its system keep them, which can matter as much as a cheap layer.
 */
export class Lines {
  readonly #target: Target
  readonly #size: number
  readonly #events: ConnectionEvents<Flight>
  #all: Connection<Flight>[] = []
  #connecting = 0
  #connected: (() => void) | undefined
  #broken: string | undefined
  #inFlight = 0
  #drained: (() => void) | undefined
  #hooks: LineHooks | undefined

  constructor(target: Target, size: number) {
    this.#target = target
    this.#size = size
    this.#events = {
      onOpen: () => this.#settled(),
      onAnswer: (connection) => this.#answered(connection),
      onBroken: (connection, _kind, reason) => this.#lost(connection, reason),
    }
  }

  /** The open connections. */
  get open(): Connection<Flight>[] {
    return this.#all.filter(({ isOpen }) => isOpen)
  }

  /**
   * Opens missing connections, since servers end those that are idle for long.
   *
   * @param name - Whose slice begins, for messages.
   * @throws LabError if none can be opened
   */
  async connect(name: string): Promise<void> {
    this.#broken = undefined
    this.#all = this.open
    const missing = this.#size - this.#all.length
    if (missing === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#connected = resolve
    this.#connecting = missing
    for (let at = 0; at < missing; at += 1) {
      const connection = new Connection<Flight>({ plannedMs: 0, isBusy: false }, this.#events)
      this.#all.push(connection)
      connection.open(this.#target, this.#target.hostnames[0]!)
    }
    await promise
    if (this.#all.some(({ isOpen }) => isOpen)) return
    throw new LabError(`${name}: ${this.#broken ?? 'no connection'} (${this.#target.origin})`)
  }

  /** Sets the hooks for the slice that begins. */
  use(hooks: LineHooks): void {
    this.#hooks = hooks
  }

  send(
    connection: Connection<Flight>,
    plannedMs: number,
    bytes: Uint8Array,
    isHead: boolean,
  ): void {
    connection.context.plannedMs = plannedMs
    connection.context.isBusy = true
    this.#inFlight += 1
    connection.send(bytes, { keepHead: false, keepBody: false, isHead })
  }

  /** Resolves when everything is answered, or given up three seconds after `ms`. */
  async drain(ms: number): Promise<void> {
    if (this.#inFlight === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#drained = resolve
    const timer = setTimeout(() => {
      for (const connection of this.#all) {
        if (connection.context.isBusy) connection.broken('closed', 'no answer in time')
      }
      resolve()
    }, ms + DRAIN_MS_MAX)
    await promise
    clearTimeout(timer)
    this.#drained = undefined
  }

  close(): void {
    for (const connection of this.#all) connection.end()
    this.#all = []
  }

  #settled(): void {
    this.#connecting -= 1
    if (this.#connecting === 0) this.#connected?.()
  }

  #answered(connection: Connection<Flight>): void {
    const { parser, context } = connection
    if (!context.isBusy) return
    context.isBusy = false
    this.#inFlight -= 1
    if (!parser.keepAlive) connection.end()
    this.#hooks?.onAnswer(connection)
    if (this.#inFlight === 0) this.#drained?.()
  }

  #lost(connection: Connection<Flight>, reason: string): void {
    this.#broken = reason
    if (!connection.hasOpened) this.#settled()
    if (!connection.context.isBusy) return
    connection.context.isBusy = false
    this.#inFlight -= 1
    this.#hooks?.onLost(reason)
    if (this.#inFlight === 0) this.#drained?.()
  }
}
