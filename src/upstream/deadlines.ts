import type { Clock } from '../core/clock.ts'

/** What a deadline was for. */
export type DeadlineKind = 'first_byte' | 'idle' | 'total'

/** One exchange under watch. Its phase deadline moves; its total deadline does not. */
export interface Watch {
  phase: 'first_byte' | 'idle'
  /** Monotonic time by which something must have moved. */
  phaseAtMs: number
  /** Monotonic time by which all must be over. */
  readonly totalAtMs: number
  /** Which deadline passed, once one has. */
  expired: DeadlineKind | undefined
  readonly expire: () => void
}

/**
 * Watches many exchanges with one timer. A timer per exchange, or per chunk of a body, would cost more
 * than forwarding it; so deadlines are met a little late (at most one tick).
 */
export interface Deadlines {
  add(watch: Watch): void
  remove(watch: Watch): void
  /** Expires all that are left. */
  expireAll(): void
}

/** Creates {@link Deadlines} that look every `tickMs` while there is anything to watch. */
export function createDeadlines(clock: Clock, tickMs = 20): Deadlines {
  const watches = new Set<Watch>()
  let timer: ReturnType<typeof setInterval> | undefined

  const expire = (watch: Watch, kind: DeadlineKind): void => {
    watches.delete(watch)
    watch.expired = kind
    watch.expire()
  }
  const look = (): void => {
    if (watches.size === 0) {
      clearInterval(timer)
      timer = undefined
      return
    }
    const nowMs = clock.monotonicMs()
    for (const watch of watches) {
      if (nowMs >= watch.totalAtMs) expire(watch, 'total')
      else if (nowMs >= watch.phaseAtMs) expire(watch, watch.phase)
    }
  }
  return {
    add(watch) {
      watches.add(watch)
      timer ??= setInterval(look, tickMs)
    },
    remove(watch) {
      watches.delete(watch)
    },
    expireAll() {
      for (const watch of watches) expire(watch, 'total')
    },
  }
}
