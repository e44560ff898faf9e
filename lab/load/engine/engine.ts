import type { Random } from '../../core/index.ts'
import { createRandom } from '../../core/index.ts'
import type { AliasTable, FlowData } from '../../scenario/index.ts'
import { createAliasTable, drawThinkTime } from '../../scenario/index.ts'
import type { LoadJob } from '../job.ts'
import type { Arrivals } from '../plan/arrivals.ts'
import { createArrivals } from '../plan/arrivals.ts'
import { profileMs } from '../plan/profile.ts'
import type { BrokenKind, Connection } from '../wire/connection.ts'
import { capture } from './answer-check.ts'
import { cacheClassOf } from './cache-class.ts'
import { Connections, shareOf } from './connections.ts'
import type { Flight, Waiting, Walker } from './flight.ts'
import { DueHeap } from './heap.ts'
import type { Pacer } from './pacer.ts'
import { createPacer } from './pacer.ts'
import { Queue } from './queue.ts'
import type { Gun } from './shots.ts'
import { createGuns } from './shots.ts'
import { Tally } from './tally.ts'
import { Users } from './users.ts'

/** Requests begun before the answers that came meanwhile are looked at. */
const BEGUN_AT_ONCE = 64
/** Requests that may wait for a connection; more are lost at once, and counted. */
const WAITING_MAX = 100_000
const TIDY_MS = 20
/** A user whose request failed does not try again at once. */
const AFTER_FAILURE_MS = 100

/** Sends one worker's part of a load and counts what comes of it. */
export class Engine {
  readonly tally: Tally
  readonly #job: LoadJob
  readonly #clockMs: () => number
  readonly #random: Random
  readonly #guns: readonly Gun[]
  readonly #flows: readonly FlowData[]
  readonly #mix: AliasTable
  readonly #users: Users
  readonly #connections: Connections
  readonly #due = new DueHeap<Walker>()
  readonly #waiting = new Queue<Waiting>()
  readonly #pacer: Pacer
  readonly #arrivals: Arrivals
  readonly #durationMs: number
  readonly #finished = Promise.withResolvers<void>()
  #startMs = Infinity
  #nextArrivalMs = Infinity
  #inFlight = 0
  #isOver = false
  #isClosing = false
  #timer: ReturnType<typeof setInterval> | undefined
  #warmed: (() => void) | undefined

  /** @param clockMs - Monotonic, in milliseconds with fractions. */
  constructor(job: LoadJob, clockMs: () => number) {
    this.#job = job
    this.#clockMs = clockMs
    this.#random = createRandom(job.seed).fork(`worker ${job.share.index} of ${job.share.count}`)
    this.#guns = createGuns(job, this.#random)
    this.#flows = job.scenario.flows
    this.#mix = createAliasTable(this.#flows.map(({ weight }) => weight))
    this.tally = new Tally(job)
    this.#users = new Users(job)
    this.#durationMs = profileMs(job.model.profile)
    const { model, share, seed } = job
    this.#arrivals =
      model.kind === 'open'
        ? createArrivals(model.profile, model.arrivals, createRandom(seed).fork('arrivals'), share)
        : () => Infinity
    this.#connections = new Connections(job, {
      onOpen: (connection) => this.#onOpen(connection),
      onAnswer: (connection) => this.#onAnswer(connection),
      onBroken: (connection, kind) => this.#onBroken(connection, kind),
    })
    this.#pacer = createPacer(
      () => this.#nowMs(),
      () => this.#advance(),
    )
  }

  /** Opens the connections that are to be there from the start; resolves when they are, or failed. */
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

  /** Begins; resolves when the plan is over and everything is answered or given up. */
  async run(): Promise<void> {
    this.#startMs = this.#clockMs()
    this.#timer = setInterval(() => this.#tidy(), TIDY_MS)
    this.#nextArrivalMs = this.#arrivals()
    if (this.#job.model.kind === 'closed') this.#callUsers(0)
    this.#wake()
    await this.#finished.promise
  }

  /** Plans nothing more, and gives up what is under way. */
  stop(): void {
    this.#isOver = true
    this.#giveUpAll('unfinished')
    this.#finish()
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get connectionsOpen(): number {
    return this.#connections.all.length - this.#connections.connecting
  }

  /** Milliseconds since the start. */
  #nowMs(): number {
    return this.#clockMs() - this.#startMs
  }

  #wake(): void {
    this.#pacer.wake(Math.min(this.#nextArrivalMs, this.#due.earliest))
  }

  /** Begins what is due. */
  #advance(): void {
    const nowMs = this.#nowMs()
    for (let begun = 0; begun < BEGUN_AT_ONCE && !this.#isOver; begun += 1) {
      if (this.#nextArrivalMs <= nowMs && this.#nextArrivalMs <= this.#due.earliest) {
        const plannedMs = this.#nextArrivalMs
        this.#nextArrivalMs = this.#arrivals()
        this.#step(this.#newWalker(undefined), plannedMs)
      } else if (this.#due.earliest <= nowMs) {
        const plannedMs = this.#due.earliest
        this.#step(this.#due.pop()!, plannedMs)
      } else break
    }
    this.#wake()
  }

  #newWalker(user: number | undefined): Walker {
    const flow = this.#flows.length === 1 ? 0 : this.#mix.draw(this.#random)
    return { flow, step: 0, captured: undefined, user, connection: undefined }
  }

  /** A walker's next request is due. */
  #step(walker: Walker, plannedMs: number): void {
    const { user } = walker
    if (user !== undefined && walker.step === 0 && !this.#users.mayStay(user, plannedMs)) {
      this.#leave(walker)
      return
    }
    const { request } = this.#flows[walker.flow]!.steps[walker.step]!
    this.tally.planned(request, plannedMs, this.#nowMs())
    const connection = this.#connectionFor(walker)
    if (connection !== undefined) {
      this.#send(connection, request, plannedMs, walker)
      return
    }
    if (this.#waiting.size >= WAITING_MAX) {
      this.tally.failed(request, plannedMs, 'unsent', this.#job.timeoutMs)
      this.#goOn(walker, plannedMs, 'unsent')
      return
    }
    this.#waiting.push({ plannedMs, request, walker })
    if (this.#connections.connecting >= this.#waiting.size) return
    if (this.#connections.open(this.#clockMs()) === undefined) this.tally.queued(plannedMs)
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
    this.tally.sent(plannedMs)
    connection.send(shot.bytes, gun.expectation)
  }

  #onOpen(connection: Connection<Flight>): void {
    this.#connections.opened()
    this.tally.connectionOpened(this.connectionsOpen)
    if (this.#connections.connecting === 0) this.#warmed?.()
    this.#offer(connection)
  }

  /** Gives a free connection to whoever waits, or puts it aside. */
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
    const gun = this.#guns[flight.request]!
    let failure = gun.check.judge(parser, flight.bodyIncludes)
    const { captures } = gun.request
    if (failure === undefined && captures.length > 0) {
      const captured = capture(parser, captures)
      if (captured === undefined) failure = 'check capture'
      else walker.captured = { ...walker.captured, ...captured }
    }
    this.tally.answered({
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
    if (!parser.keepAlive) this.#discard(connection)
    else if (walker.user === undefined) this.#offer(connection)
    this.#goOn(walker, doneMs, failure)
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
    // Somebody waits for this connection: it fails with it rather than at its timeout.
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.tally.failed(next.request, next.plannedMs, kind, undefined)
    if (this.#waiting.size > this.#connections.connecting) this.#connections.open(this.#clockMs())
    this.#goOn(next.walker, nowMs, kind)
  }

  /** The request under way on a connection has failed. */
  #lose(flight: Flight, kind: string, nowMs: number, waitedMs: number | undefined): void {
    const { walker } = flight
    flight.isBusy = false
    flight.walker = undefined
    this.#inFlight -= 1
    this.tally.failed(flight.request, flight.plannedMs, kind, waitedMs)
    if (walker !== undefined) this.#goOn(walker, nowMs, kind)
  }

  /** What a walker does after an answer or a failure. */
  #goOn(walker: Walker, nowMs: number, failure: string | undefined): void {
    if (this.#isClosing) return
    if (this.#isOver) {
      this.#leave(walker)
      return
    }
    const { steps } = this.#flows[walker.flow]!
    const next = failure === undefined ? steps[walker.step + 1] : undefined
    if (next !== undefined) {
      walker.step += 1
      this.#after(
        walker,
        nowMs,
        next.think === undefined ? 0 : drawThinkTime(next.think, this.#random),
      )
      return
    }
    if (walker.user === undefined) return
    const { think } = this.#job.model.kind === 'closed' ? this.#job.model : { think: null }
    const thinkMs = think === null ? 0 : drawThinkTime(think, this.#random)
    walker.flow = this.#flows.length === 1 ? 0 : this.#mix.draw(this.#random)
    walker.step = 0
    walker.captured = undefined
    this.#after(
      walker,
      nowMs,
      failure === undefined ? thinkMs : Math.max(thinkMs, AFTER_FAILURE_MS),
    )
  }

  #after(walker: Walker, nowMs: number, pauseMs: number): void {
    if (pauseMs === 0 && walker.user !== undefined) {
      this.#step(walker, nowMs)
      return
    }
    this.#due.push(nowMs + pauseMs, walker)
    this.#wake()
  }

  #leave({ user, connection }: Walker): void {
    if (user !== undefined) this.#users.leave(user)
    if (connection?.isOpen === true) this.#discard(connection)
    this.#finishIfDone()
  }

  /** Lets users in up to the number that is wanted now. */
  #callUsers(nowMs: number): void {
    for (const user of this.#users.call(nowMs)) {
      this.tally.userBegan()
      this.#step(this.#newWalker(user), nowMs)
    }
  }

  #discard(connection: Connection<Flight>): void {
    connection.end()
    this.#connections.remove(connection)
    if (this.#waiting.size > this.#connections.connecting) this.#connections.open(this.#clockMs())
  }

  /** Gives up what waited too long, lets users in, and sees whether all is over. */
  #tidy(): void {
    const nowMs = this.#nowMs()
    this.tally.sampled(Math.min(nowMs, this.#durationMs), this.#inFlight + this.#waiting.size)
    this.#giveUpLate(nowMs)
    if (!this.#isOver && this.#job.model.kind === 'closed') this.#callUsers(nowMs)
    // What was due before the end and is late is still sent: it is late, not gone.
    const isAllBegun = this.#nextArrivalMs === Infinity && this.#due.earliest >= this.#durationMs
    if (nowMs >= this.#durationMs && isAllBegun) this.#isOver = true
    this.#finishIfDone()
    if (nowMs > this.#durationMs + 2 * this.#job.timeoutMs) this.stop()
  }

  #giveUpLate(nowMs: number): void {
    const { timeoutMs } = this.#job
    const { all } = this.#connections
    // Backwards: a connection that is taken out is replaced by the last one.
    for (let at = all.length - 1; at >= 0; at -= 1) {
      const connection = all[at]
      if (connection === undefined) continue
      const flight = connection.context
      if (flight.isBusy && nowMs - flight.plannedMs > timeoutMs) {
        this.#lose(flight, 'timeout', nowMs, nowMs - flight.plannedMs)
        if (connection.isOpen) this.#discard(connection)
      } else if (!connection.isOpen && !connection.isEnded) {
        const waitedMs = this.#clockMs() - flight.openedMs
        if (waitedMs > timeoutMs) connection.broken('connect', 'no connection in time')
      }
    }
    for (;;) {
      const first = this.#waiting.peek()
      if (first === undefined || nowMs - first.plannedMs <= timeoutMs) return
      this.#waiting.shift()
      this.tally.failed(first.request, first.plannedMs, 'unsent', nowMs - first.plannedMs)
      this.#goOn(first.walker, nowMs, 'unsent')
    }
  }

  #finishIfDone(): void {
    if (this.#isOver && this.#inFlight === 0 && this.#waiting.size === 0) this.#finish()
  }

  #giveUpAll(kind: string): void {
    this.#isClosing = true
    const nowMs = this.#nowMs()
    for (const { context } of this.#connections.all) {
      if (context.isBusy) this.#lose(context, kind, nowMs, nowMs - context.plannedMs)
    }
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.tally.failed(next.request, next.plannedMs, 'unsent', nowMs - next.plannedMs)
    }
    for (; this.#nextArrivalMs <= nowMs; this.#nextArrivalMs = this.#arrivals()) {
      const { request } = this.#flows[this.#newWalker(undefined).flow]!.steps[0]!
      this.tally.planned(request, this.#nextArrivalMs, nowMs)
      this.tally.failed(request, this.#nextArrivalMs, 'unsent', nowMs - this.#nextArrivalMs)
    }
  }

  #finish(): void {
    this.#isClosing = true
    clearInterval(this.#timer)
    this.#pacer.stop()
    for (const connection of this.#connections.all) connection.end()
    this.#finished.resolve()
  }
}
