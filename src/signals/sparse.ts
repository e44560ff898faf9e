import type { Clock } from '../core/clock.ts'

/**
 * Keeps frequent events from filling a log: of events with the same key, one per second is let through.
 *
 * @returns `undefined` when the event must be left out; otherwise how many were left out since the last one.
 */
export type Sparse = (key: string) => number | undefined

const INTERVAL_MS = 1000
const KEYS_MAX = 1024

/** Creates a {@link Sparse}. Its memory is bounded: with too many keys at once, it forgets them all. */
export function createSparse(clock: Pick<Clock, 'monotonicMs'>): Sparse {
  const known = new Map<string, { sinceMs: number; leftOut: number }>()
  return (key) => {
    const nowMs = clock.monotonicMs()
    const before = known.get(key)
    if (before === undefined) {
      if (known.size >= KEYS_MAX) known.clear()
      known.set(key, { sinceMs: nowMs, leftOut: 0 })
      return 0
    }
    if (nowMs - before.sinceMs < INTERVAL_MS) {
      before.leftOut += 1
      return undefined
    }
    const { leftOut } = before
    before.sinceMs = nowMs
    before.leftOut = 0
    return leftOut
  }
}
