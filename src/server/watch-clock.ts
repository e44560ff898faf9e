import type { Clock } from '../core/clock.ts'
import type { Logger } from '../signals/index.ts'

/** A time service corrects smaller differences in steps. */
const JUMP_MS = 1000

/**
 * Logs when the wall clock jumps relative to the monotonic clock, because it was set or the machine was suspended.
 *
 * @returns the check, to be called about every second.
 */
export function watchClock(clock: Clock, logger: Logger): () => void {
  let beforeMs = clock.nowMs() - clock.monotonicMs()
  return () => {
    const apartMs = clock.nowMs() - clock.monotonicMs()
    const byMs = Math.round(apartMs - beforeMs)
    beforeMs = apartMs
    if (Math.abs(byMs) >= JUMP_MS) logger.warn('the clock jumped', { byMs })
  }
}
