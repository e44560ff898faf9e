import type { LoadJob } from '../job.ts'
import type { ConnectionEvents } from '../wire/connection.ts'
import { Connection } from '../wire/connection.ts'
import type { Flight } from './flight.ts'
import { newFlight } from './flight.ts'

/** The connections of a worker, within its budget. */
export class Connections {
  readonly all: Connection<Flight>[] = []
  readonly #idle: Connection<Flight>[] = []
  readonly #job: LoadJob
  readonly #events: ConnectionEvents<Flight>
  readonly #budget: number
  #opened: number
  #connecting = 0

  constructor(job: LoadJob, events: ConnectionEvents<Flight>) {
    this.#job = job
    this.#budget = shareOf(job.connectionsMax, job.share)
    this.#events = events
    // Each worker begins at a different address.
    this.#opened = job.share.index
  }

  get connecting(): number {
    return this.#connecting
  }

  get canOpen(): boolean {
    return this.all.length < this.#budget
  }

  /** Begins to open one more; `undefined` if the budget is used up. */
  open(nowMs: number): Connection<Flight> | undefined {
    if (!this.canOpen) return undefined
    const { target, sources } = this.#job
    const connection = new Connection(newFlight(nowMs, this.all.length), this.#events)
    this.all.push(connection)
    this.#connecting += 1
    const hostname = target.hostnames[this.#opened % target.hostnames.length]!
    const source = sources.length === 0 ? undefined : sources[this.#opened % sources.length]
    this.#opened += 1
    connection.open(target, hostname, source)
    return connection
  }

  /** Call it when a connection has opened. */
  opened(): void {
    this.#connecting -= 1
  }

  /** An idle open connection: the most recently used, so that others can stay idle. */
  take(): Connection<Flight> | undefined {
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined || connection.isOpen) return connection
    }
  }

  release(connection: Connection<Flight>): void {
    this.#idle.push(connection)
  }

  /** Forgets a connection that has ended. */
  remove(connection: Connection<Flight>): void {
    if (!connection.hasOpened) this.#connecting -= 1
    const { place } = connection.context
    const last = this.all.pop()
    if (last === undefined || last === connection) return
    this.all[place] = last
    last.context.place = place
  }
}

/** A worker's share of a number that all workers divide. */
export function shareOf(
  total: number,
  share: { readonly index: number; readonly count: number },
): number {
  return Math.floor(total / share.count) + (share.index < total % share.count ? 1 : 0)
}
