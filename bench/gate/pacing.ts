/** Longest turn of the generator's loop with nothing to do, milliseconds; a normal one takes far less. */
const IDLE_TURN_MS_MAX = 0.15
/** Longest time to handle an answer or to send a request, milliseconds. */
const WORK_MS_MAX = 0.02

/**
 * Plans requests at a fixed rate, and distinguishes lateness of the server from that of the generator.
 *
 * A late answer of the server counts from the planned moment, however many requests have to wait. If the generator
 * itself stalled (other work or its own garbage collector had the processor), nobody knows when the answers
 * of that time arrived, and sending the missed requests now would make an unplanned burst. So those answers are not
 * counted, and those requests are not sent.
 */
export class Pacing {
  readonly #stepMs: number
  #lastMs = 0
  #work = 0
  /** When the next request is due. */
  dueMs = 0
  /** Requests that were not sent, or whose answers were not counted. */
  missed = 0

  constructor(ratePerSecond: number) {
    this.#stepMs = 1000 / ratePerSecond
  }

  /** Starts the plan anew. */
  start(nowMs: number): void {
    this.#lastMs = nowMs
    this.#work = 0
    this.dueMs = nowMs
    this.missed = 0
  }

  /** Notes that a request was sent or an answer handled, which takes time. */
  worked(): void {
    this.#work += 1
  }

  /**
   * Called in each turn of the loop; returns whether the generator stalled since the last one. If it did, requests that
   * were due meanwhile are skipped.
   *
   * @param isStarved - Whether no connection was free: due requests then wait for the server, and keep waiting.
   */
  hasStalled(nowMs: number, isStarved: boolean): boolean {
    const allowedMs = IDLE_TURN_MS_MAX + this.#work * WORK_MS_MAX
    const hasStalled = !isStarved && nowMs - this.#lastMs > allowedMs
    this.#lastMs = nowMs
    this.#work = 0
    if (!hasStalled || this.dueMs > nowMs) return hasStalled
    const skipped = Math.ceil((nowMs - this.dueMs) / this.#stepMs)
    this.missed += skipped
    this.dueMs += skipped * this.#stepMs
    return true
  }

  /** Takes the next due request and returns its planned moment; `undefined` if none is due yet. */
  take(nowMs: number): number | undefined {
    if (this.dueMs > nowMs) return undefined
    const planned = this.dueMs
    this.dueMs += this.#stepMs
    return planned
  }
}
