/** A turn of the generator's loop that found nothing to do takes far less, milliseconds. */
const IDLE_TURN_MS_MAX = 0.15
/** What it takes at most to handle an answer or to send a request, milliseconds. */
const WORK_MS_MAX = 0.02

/**
 * Plans requests at a fixed rate and tells the lateness of a server from that of the generator.
 *
 * What a server answers late counts from the planned moment, however many requests come to wait for it. When the
 * generator itself stood still (other work had its processor, or its own collector), nobody knows when the
 * answers of that time came, and what it would send now would come in a heap that was never planned: those
 * answers are not counted, and those requests not sent.
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

  /** Begins to plan; everything before is forgotten. */
  start(nowMs: number): void {
    this.#lastMs = nowMs
    this.#work = 0
    this.dueMs = nowMs
    this.missed = 0
  }

  /** A request was sent or an answer handled: that takes its time. */
  worked(): void {
    this.#work += 1
  }

  /**
   * Called in each turn of the loop: whether the generator stood still since the last one. What was due meanwhile is
   * skipped then.
   *
   * @param isStarved - No connection was free: what is due waits for the server, and goes on to wait.
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

  /** Takes the next request that is due; its planned moment, or `undefined` when none is yet. */
  take(nowMs: number): number | undefined {
    if (this.dueMs > nowMs) return undefined
    const planned = this.dueMs
    this.dueMs += this.#stepMs
    return planned
  }
}
