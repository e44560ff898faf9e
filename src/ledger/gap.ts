import type { Clock } from '../core/clock.ts'
import type { SystemEntry } from './encode.ts'

/** Counts requests that could not be recorded, until a gap record says so in the chain. */
export class Gap {
  /** Requests dropped since the start. */
  total = 0
  readonly #clock: Clock
  #pending = 0
  #taken = 0
  #fromMs = 0
  #toMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Requests dropped, but not yet confirmed to be marked in the chain. */
  get pending(): number {
    return this.#pending
  }

  add(count: number): void {
    if (count === 0) return
    const nowMs = this.#clock.nowMs()
    if (this.#pending === 0) this.#fromMs = nowMs
    this.#toMs = nowMs
    this.#pending += count
    this.total += count
  }

  /** The gap record for everything pending; call {@link Gap.confirm} once it is written. */
  take(): SystemEntry {
    this.#taken = this.#pending
    const details = { dropped: this.#taken, fromMs: this.#fromMs, toMs: this.#toMs }
    return { kind: 'gap', action: 'traffic.drop', outcome: 'failed', details }
  }

  confirm(): void {
    this.#pending -= this.#taken
    this.#taken = 0
    this.#fromMs = this.#toMs
  }
}
