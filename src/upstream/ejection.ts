import type { UpstreamConfig } from './config.ts'

/**
 * Passive health checking (outlier ejection): a target that fails several times in a row gets no requests for a while,
 * longer with each repetition.
 */
export interface Ejection {
  isEjected(nowMs: number): boolean
  /** When the ejection ends, or 0. */
  untilMs(nowMs: number): number
  succeeded(nowMs: number): void
  /**
   * Counts a failure. Returns for how many milliseconds the target is now ejected, or 0. `mayEject` is called only when
   * an ejection is due.
   */
  failed(nowMs: number, mayEject: () => boolean): number
}

/** Creates an {@link Ejection}. */
export function createEjection(config: UpstreamConfig['ejection']): Ejection {
  let inARow = 0
  let repetitions = 0
  let untilMs = 0
  let lastMs = 0
  return {
    isEjected: (nowMs) => nowMs < untilMs,
    untilMs: (nowMs) => (nowMs < untilMs ? untilMs : 0),
    succeeded(nowMs) {
      inARow = 0
      // A target that has served again for as long as it was last ejected starts afresh.
      if (repetitions > 0 && nowMs >= untilMs + lastMs) repetitions = 0
    },
    failed(nowMs, mayEject) {
      inARow++
      if (inARow < config.consecutiveFailures || nowMs < untilMs || !mayEject()) return 0
      inARow = 0
      lastMs = Math.min(config.durationMax, config.duration * 2 ** Math.min(repetitions, 30))
      repetitions++
      untilMs = nowMs + lastMs
      return lastMs
    },
  }
}
