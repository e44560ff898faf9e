import type { Clock } from '../../core/clock.ts'
import { isWithin, momentOf } from '../moment.ts'

/** Notices that this process stood still: frozen, swapped out, on a machine that was suspended. */
export interface Standstill {
  /** Says so before it returns when there was one that nobody has noticed yet. */
  check(): boolean
  stop(): void
}

/** What {@link watchStandstill} needs. */
export interface StandstillOptions {
  readonly clock: Clock
  /** A pause longer than this is a standstill. */
  readonly boundMs: number
  readonly onStandstill: () => void
}

/**
 * Watches for standstills. What others said meanwhile still waits to be read when a process wakes, and so do
 * requests: whichever is looked at first, a decision that asks here learns that its memory may be old.
 */
export function watchStandstill({ clock, boundMs, onStandstill }: StandstillOptions): Standstill {
  let last = momentOf(clock)
  const check = (): boolean => {
    const moved = isWithin(clock, last, boundMs)
    last = momentOf(clock)
    if (!moved) onStandstill()
    return moved
  }
  const timer = setInterval(check, boundMs / 4)
  timer.unref()
  return { check, stop: () => clearInterval(timer) }
}
