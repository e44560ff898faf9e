import type { Clock } from '../core/clock.ts'
import type { Client } from './forward-request.ts'

/** Why an exchange was ended early: by a deadline, or because its client went away. */
export type EndReason = 'first_byte' | 'idle' | 'total' | 'client_gone'

/** One exchange under watch. Its phase deadline moves; its total deadline does not. */
export interface Watch {
  phase: 'first_byte' | 'idle'
  /** Monotonic time by which the current phase must make progress. */
  phaseAtMs: number
  /** Monotonic time by which the whole exchange must be over. */
  readonly totalAtMs: number
  readonly client: Client | undefined
  /** Why it was ended; `undefined` until then. */
  ended: EndReason | undefined
  /** Its index among the watched exchanges, -1 if it is not watched; maintained by {@link Deadlines}. */
  place: number
  end(): void
}

/**
 * Watches many exchanges with one timer. A timer and a listener for each exchange, or a timer for each chunk of a body,
 * would cost more than forwarding it; so a deadline or a departed client may be noticed one tick late.
 */
export interface Deadlines {
  add(watch: Watch): void
  remove(watch: Watch): void
  /** Ends all exchanges that are still watched. */
  endAll(): void
}

/** Creates {@link Deadlines} that check every `tickMs` while there is anything to watch. */
export function createDeadlines(clock: Clock, tickMs = 20): Deadlines {
  // An array whose last element fills any gap: a Set would cost a tenth of a small request.
  const watches: Watch[] = []
  let timer: ReturnType<typeof setInterval> | undefined

  const remove = (watch: Watch): void => {
    const { place } = watch
    if (place < 0) return
    watch.place = -1
    const last = watches.pop()
    if (last === undefined || last === watch) return
    watches[place] = last
    last.place = place
  }
  const end = (watch: Watch, reason: EndReason): void => {
    remove(watch)
    watch.ended = reason
    watch.end()
  }
  const look = (): void => {
    if (watches.length === 0) {
      clearInterval(timer)
      timer = undefined
      return
    }
    const nowMs = clock.monotonicMs()
    // Iterates over a copy, because an exchange that ends gives its index to the last one.
    for (const watch of watches.slice()) {
      if (watch.place < 0) continue
      if (watch.client?.isGone === true) end(watch, 'client_gone')
      else if (nowMs >= watch.totalAtMs) end(watch, 'total')
      else if (nowMs >= watch.phaseAtMs) end(watch, watch.phase)
    }
  }
  return {
    add(watch) {
      watch.place = watches.push(watch) - 1
      timer ??= setInterval(look, tickMs)
    },
    remove,
    endAll() {
      for (const watch of watches.slice()) end(watch, 'total')
    },
  }
}
