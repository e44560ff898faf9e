import type { LoadJob } from '../job.ts'
import type { BrokenKind, Connection } from '../wire/connection.ts'
import { capture } from './answer-check.ts'
import { cacheClassOf } from './cache-class.ts'
import { Connections, shareOf } from './connections.ts'
import type { Flight, Waiting, Walker } from './flight.ts'
import { Queue } from './queue.ts'
import type { Gun } from './shots.ts'
import type { Tally } from './tally.ts'

/** How many requests may wait for a connection; more fail at once, and are counted. */
const WAITING_MAX = 100_000

/** What a dispatcher needs. */
export interface DispatcherParts {
  /** One for each request of the scenario. */
  readonly guns: readonly Gun[]
  readonly tally: Tally
  /** Monotonic, milliseconds; it also runs before the run begins, while connections open. */
  readonly clockMs: () => number
  /** The same clock, counted from the start of the run. */
  readonly nowMs: () => number
  /** Called for every request that has ended, until everything is closed. `failure` is what went wrong. */
  readonly onDone: (walker: Walker, doneMs: number, failure: string | undefined) => void
}

/** Sends requests over connections, in the order in which they were due, and counts their results. */
export class Dispatcher {
  readonly #job: LoadJob
  readonly #guns: readonly Gun[]
  readonly #tally: Tally
  readonly #clockMs: () => number
  readonly #nowMs: () => number
  readonly #onDone: DispatcherParts['onDone']
  readonly #connections: Connections
  readonly #waiting = new Queue<Waiting>()
  #inFlight = 0
  #isClosing = false
  #warmed: (() => void) | undefined

  constructor(job: LoadJob, { guns, tally, clockMs, nowMs, onDone }: DispatcherParts) {
    this.#job = job
    this.#guns = guns
    this.#tally = tally
    this.#clockMs = clockMs
    this.#nowMs = nowMs
    this.#onDone = onDone
    this.#connections = new Connections(job, {
      onOpen: (connection) => this.#onOpen(connection),
      onAnswer: (connection) => this.#onAnswer(connection),
      onBroken: (connection, kind) => this.#onBroken(connection, kind),
    })
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Requests that are under way or wait for a connection. */
  get unfinished(): number {
    return this.#inFlight + this.#waiting.size
  }

  get connectionsOpen(): number {
    return this.#connections.all.length - this.#connections.connecting
  }

  /** Opens this worker's share of connections; resolves with their number when none is pending any more. */
  async warm(): Promise<number> {
    const wanted = shareOf(this.#job.connectionsWarm, this.#job.share)
    for (let at = 0; at < wanted; at += 1) this.#connections.open(this.#clockMs())
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#warmed = resolve
    const timer = setTimeout(resolve, this.#job.timeoutMs)
    if (this.#connections.connecting === 0) resolve()
    await promise
    clearTimeout(timer)
    this.#warmed = undefined
    return this.#connections.all.filter(({ isOpen }) => isOpen).length
  }

  /** Sends a walker's request over a free connection, or queues it until there is one. */
  dispatch(walker: Walker, request: number, plannedMs: number): void {
    this.#tally.planned(request, plannedMs, this.#nowMs())
    const connection = this.#connectionFor(walker)
    if (connection !== undefined) {
      this.#send(connection, request, plannedMs, walker)
      return
    }
    if (this.#waiting.size >= WAITING_MAX) {
      this.#tally.failed(request, plannedMs, 'unsent', this.#job.timeoutMs)
      this.#done(walker, plannedMs, 'unsent')
      return
    }
    this.#waiting.push({ plannedMs, request, walker })
    if (this.#connections.connecting >= this.#waiting.size) return
    if (this.#connections.open(this.#clockMs()) === undefined) this.#tally.queued(plannedMs)
  }

  /** Ends a connection, and opens another if requests are waiting. */
  discard(connection: Connection<Flight>): void {
    connection.end()
    this.#connections.remove(connection)
    this.#openForWaiting()
  }

  /** Gives up requests that have exceeded the timeout. */
  giveUpLate(nowMs: number): void {
    const { all } = this.#connections
    // Backward, because a connection that is removed is replaced by the last one.
    for (let at = all.length - 1; at >= 0; at -= 1) {
      const connection = all[at]
      if (connection !== undefined) this.#giveUpIfLate(connection, nowMs)
    }
    const { timeoutMs } = this.#job
    for (;;) {
      const first = this.#waiting.peek()
      if (first === undefined || nowMs - first.plannedMs <= timeoutMs) return
      this.#waiting.shift()
      this.#tally.failed(first.request, first.plannedMs, 'unsent', nowMs - first.plannedMs)
      this.#done(first.walker, nowMs, 'unsent')
    }
  }

  /** Gives up everything under way, without calling `onDone`. */
  giveUpAll(nowMs: number): void {
    this.#isClosing = true
    for (const { context } of this.#connections.all) {
      if (context.isBusy) this.#lose(context, 'unfinished', nowMs, nowMs - context.plannedMs)
    }
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#tally.failed(next.request, next.plannedMs, 'unsent', nowMs - next.plannedMs)
    }
  }

  close(): void {
    this.#isClosing = true
    for (const connection of this.#connections.all) connection.end()
  }

  #connectionFor(walker: Walker): Connection<Flight> | undefined {
    const own = walker.connection
    if (own?.isOpen === true) return own
    walker.connection = undefined
    return this.#connections.take()
  }

  #send(connection: Connection<Flight>, request: number, plannedMs: number, walker: Walker): void {
    const gun = this.#guns[request]!
    const shot = gun.next(walker.captured)
    const flight = connection.context
    const sentMs = this.#nowMs()
    flight.isBusy = true
    flight.plannedMs = plannedMs
    flight.sentMs = sentMs
    flight.request = request
    flight.bodyIncludes = shot.bodyIncludes
    flight.walker = walker
    if (walker.user !== undefined) walker.connection = connection
    this.#inFlight += 1
    this.#tally.sent(plannedMs)
    connection.send(shot.bytes, gun.expectation)
  }

  #onOpen(connection: Connection<Flight>): void {
    this.#connections.opened()
    this.#tally.connectionOpened(this.connectionsOpen)
    if (this.#connections.connecting === 0) this.#warmed?.()
    this.#offer(connection)
  }

  /** Gives a free connection to a waiting request, or sets it aside. */
  #offer(connection: Connection<Flight>): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#connections.release(connection)
    else this.#send(connection, next.request, next.plannedMs, next.walker)
  }

  #onAnswer(connection: Connection<Flight>): void {
    const flight = connection.context
    const { parser } = connection
    const doneMs = this.#nowMs()
    const { walker } = flight
    if (!flight.isBusy || walker === undefined) return
    const failure = this.#judge(connection, walker)
    this.#tally.answered({
      request: flight.request,
      plannedMs: flight.plannedMs,
      sentMs: flight.sentMs,
      doneMs,
      status: parser.status,
      bytes: parser.bodyBytes,
      failure,
      cacheClass: this.#job.classify === null ? undefined : cacheClassOf(parser.head),
    })
    flight.isBusy = false
    flight.walker = undefined
    this.#inFlight -= 1
    if (!parser.keepAlive) this.discard(connection)
    else if (walker.user === undefined) this.#offer(connection)
    this.#done(walker, doneMs, failure)
  }

  /** What is wrong with an answer, if anything. Captured values are stored in the walker. */
  #judge({ context, parser }: Connection<Flight>, walker: Walker): string | undefined {
    const { check, request } = this.#guns[context.request]!
    const failure = check.judge(parser, context.bodyIncludes)
    if (failure !== undefined || request.captures.length === 0) return failure
    const captured = capture(parser, request.captures)
    if (captured === undefined) return 'check capture'
    walker.captured = { ...walker.captured, ...captured }
    return undefined
  }

  #onBroken(connection: Connection<Flight>, kind: BrokenKind): void {
    const flight = connection.context
    const nowMs = this.#nowMs()
    const wasConnecting = !connection.hasOpened
    this.#connections.remove(connection)
    if (this.#connections.connecting === 0) this.#warmed?.()
    if (flight.isBusy) {
      this.#lose(flight, kind, nowMs, undefined)
      return
    }
    if (!wasConnecting || this.#isClosing) return
    // A request waits for this connection: it fails now rather than at its timeout.
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#tally.failed(next.request, next.plannedMs, kind, undefined)
    this.#openForWaiting()
    this.#done(next.walker, nowMs, kind)
  }

  #openForWaiting(): void {
    if (this.#waiting.size > this.#connections.connecting) this.#connections.open(this.#clockMs())
  }

  #giveUpIfLate(connection: Connection<Flight>, nowMs: number): void {
    const { timeoutMs } = this.#job
    const flight = connection.context
    if (flight.isBusy && nowMs - flight.plannedMs > timeoutMs) {
      this.#lose(flight, 'timeout', nowMs, nowMs - flight.plannedMs)
      if (connection.isOpen) this.discard(connection)
    } else if (!connection.isOpen && !connection.isEnded) {
      const waitedMs = this.#clockMs() - flight.openedMs
      if (waitedMs > timeoutMs) connection.broken('connect', 'no connection in time')
    }
  }

  /** The request under way on a connection has failed. */
  #lose(flight: Flight, kind: string, nowMs: number, waitedMs: number | undefined): void {
    const { walker } = flight
    flight.isBusy = false
    flight.walker = undefined
    this.#inFlight -= 1
    this.#tally.failed(flight.request, flight.plannedMs, kind, waitedMs)
    if (walker !== undefined) this.#done(walker, nowMs, kind)
  }

  #done(walker: Walker, doneMs: number, failure: string | undefined): void {
    if (!this.#isClosing) this.#onDone(walker, doneMs, failure)
  }
}
