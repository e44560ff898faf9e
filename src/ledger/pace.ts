import type { Clock } from '../core/clock.ts'

/** So many waiting requests are worth a write. */
const WRITE_FROM = 100
/** With so many, the pause is over. */
const WRITE_AT_ONCE = 1600
/** A write costs about as much as a hundred records: under load it is shared by all that come in this time. */
const PAUSE_MS = 4

/**
 * Says when waiting requests are written: at once when a hundred wait, but not within {@link PAUSE_MS} of the
 * write before, unless very many do.
 */
export class Pace {
  readonly #clock: Clock
  readonly #write: () => void
  #beganMs = -Infinity
  #timer: ReturnType<typeof setTimeout> | undefined
  #isDue = false

  /** @param write - Called in a turn of its own. */
  constructor(clock: Clock, write: () => void) {
    this.#clock = clock
    this.#write = write
  }

  /** So many wait, and nothing is being written. */
  waiting(requests: number): void {
    if (requests < WRITE_FROM || this.#isDue) return
    if (requests < WRITE_AT_ONCE) {
      if (this.#timer !== undefined) return
      const restMs = this.#beganMs + PAUSE_MS - this.#clock.monotonicMs()
      if (restMs > 0) {
        this.#timer = setTimeout(this.#fire, restMs)
        this.#timer.unref()
        return
      }
    }
    this.#isDue = true
    setImmediate(this.#fire)
  }

  /** Whether so many are worth a write that follows the one before at once. */
  isOver(requests: number): boolean {
    return requests >= WRITE_AT_ONCE
  }

  /** A write begins. */
  began(): void {
    this.#beganMs = this.#clock.monotonicMs()
  }

  readonly #fire = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isDue = false
    this.#write()
  }
}
