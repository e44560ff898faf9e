import type { Clock } from '../core/clock.ts'

/** Why an exchange was ended early: by a deadline, or because its client went away. */
export type EndReason = 'first_byte' | 'idle' | 'total' | 'client_gone'

/** One exchange under watch. Its phase deadline moves; its total deadline does not. */
export interface Watch {
  phase: 'first_byte' | 'idle'
  /** Monotonic time by which something must have moved. */
  phaseAtMs: number
  /** Monotonic time by which all must be over. */
  readonly totalAtMs: number
  readonly client: AbortSignal | undefined
  /** Why it was ended, once it has been. */
  ended: EndReason | undefined
  readonly end: () => void
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
  const watches = new Set<Watch>()
  let timer: ReturnType<typeof setInterval> | undefined

  const end = (watch: Watch, reason: EndReason): void => {
    watches.delete(watch)
    watch.ended = reason
    watch.end()
  }
  const look = (): void => {
    if (watches.size === 0) {
      clearInterval(timer)
      timer = undefined
      return
    }
    const nowMs = clock.monotonicMs()
    for (const watch of watches) {
      if (watch.client?.aborted === true) end(watch, 'client_gone')
      else if (nowMs >= watch.totalAtMs) end(watch, 'total')
      else if (nowMs >= watch.phaseAtMs) end(watch, watch.phase)
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
    endAll() {
      for (const watch of watches) end(watch, 'total')
    },
  }
}
