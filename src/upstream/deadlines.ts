import type { Clock } from '../core/clock.ts'
import type { Client } from './forward-request.ts'

/** Why an exchange was ended early: by a deadline, or because its client went away. */
export type EndReason = 'first_byte' | 'idle' | 'total' | 'client_gone'

/** One exchange under watch. Its phase deadline moves; its total deadline does not. */
export interface Watch {
  phase: 'first_byte' | 'idle'
  /** Monotonic time by which something must have moved. */
  phaseAtMs: number
  /** Monotonic time by which all must be over. */
  readonly totalAtMs: number
  readonly client: Client | undefined
  /** Why it was ended, once it has been. */
  ended: EndReason | undefined
  /** Its place among those that are watched, -1 when it is not; kept by {@link Deadlines}. */
  place: number
  end(): void
}

/**
 * Watches many exchanges with one timer. A timer and a listener for each exchange, or a timer for each
 * chunk of a body, would cost more than forwarding it; so all are noticed up to one tick late.
 */
export interface Deadlines {
  add(watch: Watch): void
  remove(watch: Watch): void
  /** Ends all that are left. */
  endAll(): void
}

/** Creates {@link Deadlines} that look every `tickMs` while there is anything to watch. */
export function createDeadlines(clock: Clock, tickMs = 20): Deadlines {
  // A list in which the last one fills a gap: a Set costs a tenth of a small request.
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
    // A copy, because those that end leave their place to the last.
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
