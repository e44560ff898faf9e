import type { Histogram } from '../../histogram/index.ts'
import { COARSE_BITS, createHistogram } from '../../histogram/index.ts'
import type { LoadJob } from '../job.ts'
import { profileMs } from '../plan/profile.ts'
import type { ClassData, RequestResult, WindowData, WorkerResult } from '../result/result.ts'

interface RequestTally {
  planned: number
  succeeded: number
  failed: number
  readonly response: Histogram
  readonly service: Histogram
}

interface ClassTally {
  count: number
  readonly service: Histogram
}

interface WindowTally {
  planned: number
  failed: number
  completed: number
  inFlight: number
  lagMaxUs: number
  response: Histogram | undefined
}

/** Plans have fewer; the limit is for a machine that sleeps for hours during a run. */
const WINDOWS_MAX = 10_000

const newWindow = (): WindowTally => ({
  planned: 0,
  failed: 0,
  completed: 0,
  inFlight: 0,
  lagMaxUs: 0,
  response: undefined,
})

/** Counts what a worker observes. Times are milliseconds since the start of the run. */
export class Tally {
  readonly #requests: RequestTally[]
  readonly #lag = createHistogram()
  readonly #rejected = createHistogram()
  readonly #failures = new Map<string, number>()
  readonly #statuses = new Uint32Array(1000)
  readonly #classes = new Map<string, ClassTally>()
  readonly #windows: WindowTally[] = []
  readonly #windowMs: number
  readonly #warmUpMs: number
  readonly #durationMs: number
  #pulse = newPulse()
  #censored = 0
  #sent = 0
  #discarded = 0
  #completedInTime = 0
  #bytesReceived = 0
  #connectionsOpened = 0
  #connectionsPeak = 0
  #usersNow = 0
  #usersPeak = 0
  #queued = 0
  /** The window in which requests under way were last sampled, and their number. */
  #lookedAt = -1
  #lastInFlight = 0

  constructor(job: LoadJob) {
    this.#windowMs = job.windowMs
    this.#warmUpMs = job.warmUpMs
    this.#durationMs = profileMs(job.model.profile)
    this.#requests = job.scenario.requests.map(() => ({
      planned: 0,
      succeeded: 0,
      failed: 0,
      response: createHistogram(),
      service: createHistogram(),
    }))
  }

  /**
   * A request became due and was taken up, whether or not it can be sent. The delay until it was taken up is the
   * generator's lag; the time it then waits for a connection is not.
   */
  planned(request: number, plannedMs: number, takenUpMs: number): void {
    const window = this.#window(plannedMs)
    window.planned += 1
    const lagUs = (takenUpMs - plannedMs) * 1000
    if (lagUs > window.lagMaxUs) window.lagMaxUs = lagUs
    if (plannedMs < this.#warmUpMs) {
      this.#discarded += 1
      return
    }
    this.#requests[request]!.planned += 1
    this.#lag.record(lagUs)
    this.#pulse.lag.record(lagUs)
  }

  sent(plannedMs: number): void {
    if (plannedMs >= this.#warmUpMs) this.#sent += 1
  }

  /** A request has to wait, because all allowed connections are in use. */
  queued(plannedMs: number): void {
    if (plannedMs >= this.#warmUpMs) this.#queued += 1
  }

  /** A complete answer came. `failure` is what was wrong with it. */
  answered(answer: {
    readonly request: number
    readonly plannedMs: number
    readonly sentMs: number
    readonly doneMs: number
    readonly status: number
    readonly bytes: number
    readonly failure: string | undefined
    readonly cacheClass: string | undefined
  }): void {
    const { request, plannedMs, sentMs, doneMs, failure } = answer
    const responseUs = (doneMs - plannedMs) * 1000
    const serviceUs = (doneMs - sentMs) * 1000
    this.#window(doneMs).completed += failure === undefined ? 1 : 0
    this.#bytesReceived += answer.bytes
    if (failure !== undefined) {
      this.#rejectedAnswer(answer, failure, serviceUs)
      return
    }
    const window = this.#window(plannedMs)
    window.response ??= createHistogram(COARSE_BITS)
    window.response.record(responseUs)
    const pulse = this.#pulseOf(plannedMs)
    pulse.succeeded += 1
    pulse.response.record(responseUs)
    // By arrival, so that answers left over from the warm-up make up for those that the end cuts off.
    if (doneMs >= this.#warmUpMs && doneMs <= this.#durationMs) this.#completedInTime += 1
    if (plannedMs < this.#warmUpMs) return
    this.#statuses[answer.status]! += 1
    const tally = this.#requests[request]!
    tally.succeeded += 1
    tally.response.record(responseUs)
    tally.service.record(serviceUs)
    if (answer.cacheClass !== undefined) this.#classified(answer.cacheClass, serviceUs)
  }

  /**
   * A request that got no answer.
   *
   * @param waitedMs - How long it had waited since its planned moment when it was given up. It would
   *   have taken longer, so it counts among the response times as this. `undefined` for
   *   failures that say nothing about how long an answer takes.
   */
  failed(request: number, plannedMs: number, kind: string, waitedMs: number | undefined): void {
    const window = this.#window(plannedMs)
    window.failed += 1
    const pulse = this.#pulseOf(plannedMs)
    pulse.failed += 1
    if (waitedMs !== undefined) {
      window.response ??= createHistogram(COARSE_BITS)
      window.response.record(waitedMs * 1000)
      pulse.response.record(waitedMs * 1000)
    }
    if (plannedMs < this.#warmUpMs) return
    const tally = this.#requests[request]!
    tally.failed += 1
    this.#count(kind)
    if (waitedMs === undefined) return
    this.#censored += 1
    tally.response.record(waitedMs * 1000)
  }

  connectionOpened(openNow: number): void {
    this.#connectionsOpened += 1
    if (openNow > this.#connectionsPeak) this.#connectionsPeak = openNow
  }

  userBegan(): void {
    this.#usersNow += 1
    if (this.#usersNow > this.#usersPeak) this.#usersPeak = this.#usersNow
  }

  userLeft(): void {
    this.#usersNow -= 1
  }

  /**
   * Records the requests under way at this moment, for the window it falls into. Windows without a sample get the
   * previous one: this process was not running, so none was sent or answered.
   */
  sampled(nowMs: number, inFlight: number): void {
    const window = this.#window(nowMs)
    const at = this.#indexOf(nowMs)
    for (let skipped = this.#lookedAt + 1; skipped < at; skipped += 1) {
      this.#windows[skipped]!.inFlight = this.#lastInFlight
    }
    this.#lookedAt = at
    this.#lastInFlight = inFlight
    if (inFlight > window.inFlight) window.inFlight = inFlight
  }

  /** What happened since the last call. */
  takePulse(): Pulse {
    const pulse = this.#pulse
    this.#pulse = newPulse()
    return pulse
  }

  result(cpuMs: number, elapsedMs: number): WorkerResult {
    return {
      cpuMs,
      elapsedMs,
      sent: this.#sent,
      queued: this.#queued,
      discarded: this.#discarded,
      censored: this.#censored,
      completedInTime: this.#completedInTime,
      bytesReceived: this.#bytesReceived,
      connectionsOpened: this.#connectionsOpened,
      connectionsPeak: this.#connectionsPeak,
      users: this.#usersPeak,
      statuses: Object.fromEntries(
        [...this.#statuses.entries()]
          .filter(([, count]) => count > 0)
          .map(([code, count]) => [String(code), count]),
      ),
      failures: Object.fromEntries(this.#failures),
      lag: this.#lag.toJSON(),
      rejected: this.#rejected.toJSON(),
      requests: this.#requests.map((tally): RequestResult => ({
        planned: tally.planned,
        succeeded: tally.succeeded,
        failed: tally.failed,
        response: tally.response.toJSON(),
        service: tally.service.toJSON(),
      })),
      classes: Object.fromEntries(
        [...this.#classes].map(([name, { count, service }]): [string, ClassData] => [
          name,
          { count, service: service.toJSON() },
        ]),
      ),
      windows: this.#windows.map((window): WindowData => ({
        planned: window.planned,
        failed: window.failed,
        completed: window.completed,
        inFlight: window.inFlight,
        lagMaxUs: Math.round(window.lagMaxUs),
        response: window.response?.toJSON() ?? null,
      })),
    }
  }

  #rejectedAnswer(
    answer: { readonly request: number; readonly plannedMs: number; readonly status: number },
    failure: string,
    serviceUs: number,
  ): void {
    this.#window(answer.plannedMs).failed += 1
    this.#pulseOf(answer.plannedMs).failed += 1
    if (answer.plannedMs < this.#warmUpMs) return
    this.#statuses[answer.status]! += 1
    this.#requests[answer.request]!.failed += 1
    this.#rejected.record(serviceUs)
    this.#count(failure)
  }

  #pulseOf(plannedMs: number): PulsePart {
    return plannedMs < this.#warmUpMs ? this.#pulse.warmUp : this.#pulse.counted
  }

  #classified(name: string, serviceUs: number): void {
    let tally = this.#classes.get(name)
    if (tally === undefined) {
      tally = { count: 0, service: createHistogram() }
      this.#classes.set(name, tally)
    }
    tally.count += 1
    tally.service.record(serviceUs)
  }

  #count(kind: string): void {
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1)
  }

  #window(atMs: number): WindowTally {
    const index = this.#indexOf(atMs)
    while (this.#windows.length <= index) this.#windows.push(newWindow())
    return this.#windows[index]!
  }

  #indexOf(atMs: number): number {
    return Math.min(Math.max(0, Math.floor(atMs / this.#windowMs)), WINDOWS_MAX)
  }
}

/** What happened since the last pulse, for a live view. */
export interface Pulse {
  /** Requests of the warm-up, whenever they ended. */
  readonly warmUp: PulsePart
  readonly counted: PulsePart
  readonly lag: Histogram
}

interface PulsePart {
  succeeded: number
  failed: number
  readonly response: Histogram
}

const newPart = (): PulsePart => ({
  succeeded: 0,
  failed: 0,
  response: createHistogram(COARSE_BITS),
})

const newPulse = (): Pulse => ({
  warmUp: newPart(),
  counted: newPart(),
  lag: createHistogram(COARSE_BITS),
})
