import type { Clock } from '../core/clock.ts'
import type { Logger } from '../signals/index.ts'

/** Less is what a time service corrects step by step. */
const JUMP_MS = 1000

/**
 * Tells the log that the wall clock jumped against the monotonic one: somebody set it, or the machine was suspended.
 *
 * @returns what looks at it; to be called every second or so.
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
