import type { Clock } from '../core/clock.ts'

/** This many waiting requests are worth a write. */
const WRITE_FROM = 100
/** This many waiting requests end the pause. */
const WRITE_AT_ONCE = 1600
/** A write costs about as much as a hundred records; under load, all records that arrive within this time share one. */
const PAUSE_MS = 4

/**
 * Says when waiting requests are written: at once when a hundred wait, but not within {@link PAUSE_MS} of the previous
 * write, unless very many wait.
 */
export class Pace {
  readonly #clock: Clock
  readonly #write: () => void
  #beganMs = -Infinity
  #timer: ReturnType<typeof setTimeout> | undefined
  #isDue = false

  /** @param write - Called in its own turn of the event loop. */
  constructor(clock: Clock, write: () => void) {
    this.#clock = clock
    this.#write = write
  }

  /** Says that this many requests wait, and nothing is being written. */
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

  /** Whether this many requests are worth a write immediately after the previous one. */
  isOver(requests: number): boolean {
    return requests >= WRITE_AT_ONCE
  }

  /** Says that a write begins. */
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
