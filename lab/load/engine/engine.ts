import { createRandom } from '../../core/index.ts'
import type { LoadJob } from '../job.ts'
import { createArrivals } from '../plan/arrivals.ts'
import { profileMs } from '../plan/profile.ts'
import { Agenda } from './agenda.ts'
import { Dispatcher } from './dispatcher.ts'
import type { Walker } from './flight.ts'
import type { Pacer } from './pacer.ts'
import { createPacer } from './pacer.ts'
import { createGuns } from './shots.ts'
import { Tally } from './tally.ts'
import { Users } from './users.ts'
import { Walkers } from './walkers.ts'

/** How many requests are begun before answers that have arrived meanwhile are read. */
const BEGUN_AT_ONCE = 64
const TIDY_MS = 20

/** Sends one worker's share of a load and counts the results. */
export class Engine {
  readonly tally: Tally
  readonly #job: LoadJob
  readonly #clockMs: () => number
  readonly #walkers: Walkers
  readonly #users: Users
  readonly #agenda: Agenda
  readonly #dispatcher: Dispatcher
  readonly #pacer: Pacer
  readonly #durationMs: number
  readonly #finished = Promise.withResolvers<void>()
  #startMs = Infinity
  /** Nothing more is planned. */
  #isOver = false
  #timer: ReturnType<typeof setInterval> | undefined

  /** @param clockMs - Monotonic, in milliseconds with fractions. */
  constructor(job: LoadJob, clockMs: () => number) {
    const { model, share, seed } = job
    this.#job = job
    this.#clockMs = clockMs
    const random = createRandom(seed).fork(`worker ${share.index} of ${share.count}`)
    const guns = createGuns(job, random)
    this.#walkers = new Walkers(job, random)
    this.tally = new Tally(job)
    this.#users = new Users(job)
    this.#durationMs = profileMs(model.profile)
    this.#agenda = new Agenda(
      model.kind === 'open'
        ? createArrivals(model.profile, model.arrivals, createRandom(seed).fork('arrivals'), share)
        : () => Infinity,
    )
    const nowMs = (): number => this.#nowMs()
    this.#dispatcher = new Dispatcher(job, {
      guns,
      tally: this.tally,
      clockMs,
      nowMs,
      onDone: (walker, doneMs, failure) => this.#goOn(walker, doneMs, failure),
    })
    this.#pacer = createPacer(nowMs, () => this.#advance())
  }

  /** Opens the connections that must exist from the start; resolves when each is open or has failed. */
  async warm(): Promise<number> {
    return this.#dispatcher.warm()
  }

  /** Runs the plan; resolves when it is over and everything is answered or given up. */
  async run(): Promise<void> {
    this.#startMs = this.#clockMs()
    this.#timer = setInterval(() => this.#tidy(), TIDY_MS)
    this.#agenda.begin()
    if (this.#job.model.kind === 'closed') this.#callUsers(0)
    this.#wake()
    await this.#finished.promise
  }

  /** Plans nothing more, and gives up everything under way. */
  stop(): void {
    this.#isOver = true
    this.#giveUpAll()
    this.#finish()
  }

  get inFlight(): number {
    return this.#dispatcher.inFlight
  }

  get connectionsOpen(): number {
    return this.#dispatcher.connectionsOpen
  }

  /** Milliseconds since the start. */
  #nowMs(): number {
    return this.#clockMs() - this.#startMs
  }

  #wake(): void {
    this.#pacer.wake(this.#agenda.earliestMs)
  }

  /** Begins the requests that are due. */
  #advance(): void {
    const nowMs = this.#nowMs()
    for (let begun = 0; begun < BEGUN_AT_ONCE && !this.#isOver; begun += 1) {
      const plannedMs = this.#agenda.earliestMs
      if (plannedMs > nowMs) break
      this.#step(this.#agenda.take() ?? this.#walkers.create(undefined), plannedMs)
    }
    this.#wake()
  }

  /** Begins a walker's next request. */
  #step(walker: Walker, plannedMs: number): void {
    const { user } = walker
    if (user !== undefined && walker.step === 0 && !this.#users.mayStay(user, plannedMs)) {
      this.#leave(walker)
    } else this.#dispatcher.dispatch(walker, this.#walkers.requestOf(walker), plannedMs)
  }

  /** Continues a walker after an answer or a failure. */
  #goOn(walker: Walker, doneMs: number, failure: string | undefined): void {
    if (this.#isOver) {
      this.#leave(walker)
      return
    }
    const pauseMs = this.#walkers.goOn(walker, failure)
    if (pauseMs === undefined) return
    if (pauseMs === 0 && walker.user !== undefined) {
      this.#step(walker, doneMs)
      return
    }
    this.#agenda.add(doneMs + pauseMs, walker)
    this.#wake()
  }

  #leave({ user, connection }: Walker): void {
    if (user !== undefined) {
      this.#users.leave(user)
      this.tally.userLeft()
    }
    if (connection?.isOpen === true) this.#dispatcher.discard(connection)
    this.#finishIfDone()
  }

  /** Starts users up to the number planned for this moment. */
  #callUsers(nowMs: number): void {
    for (const user of this.#users.call(nowMs)) {
      this.tally.userBegan()
      this.#step(this.#walkers.create(user), nowMs)
    }
  }

  /** Gives up what has waited too long, starts users, and checks whether the run is over. */
  #tidy(): void {
    const nowMs = this.#nowMs()
    this.tally.sampled(Math.min(nowMs, this.#durationMs), this.#dispatcher.unfinished)
    this.#dispatcher.giveUpLate(nowMs)
    if (!this.#isOver && this.#job.model.kind === 'closed') this.#callUsers(nowMs)
    // Requests that were due before the end are still sent, however late.
    if (nowMs >= this.#durationMs && this.#agenda.isOverAt(this.#durationMs)) this.#isOver = true
    this.#finishIfDone()
    if (nowMs > this.#durationMs + 2 * this.#job.timeoutMs) this.stop()
  }

  #finishIfDone(): void {
    if (this.#isOver && this.#dispatcher.unfinished === 0) this.#finish()
  }

  /** Fails everything under way, and everything that was due and has not begun. */
  #giveUpAll(): void {
    const nowMs = this.#nowMs()
    this.#dispatcher.giveUpAll(nowMs)
    for (
      let dueMs = this.#agenda.takeArrival(nowMs);
      dueMs !== undefined;
      dueMs = this.#agenda.takeArrival(nowMs)
    ) {
      const request = this.#walkers.requestOf(this.#walkers.create(undefined))
      this.tally.planned(request, dueMs, nowMs)
      this.tally.failed(request, dueMs, 'unsent', nowMs - dueMs)
    }
  }

  #finish(): void {
    clearInterval(this.#timer)
    this.#pacer.stop()
    this.#dispatcher.close()
    this.#finished.resolve()
  }
}
