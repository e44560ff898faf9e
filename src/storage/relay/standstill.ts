import type { Clock } from '../../core/clock.ts'
import { isWithin, momentOf } from '../moment.ts'

/** Notices that this process stood still, because it was frozen, swapped out, or on a suspended machine. */
export interface Standstill {
  /** Reports a standstill that has not been noticed yet, before it returns. */
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
 * Watches for standstills. When a process wakes, both messages from others and requests wait to be read. Whichever is
 * read first, a decision that asks here learns that what it remembers may be old.
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
