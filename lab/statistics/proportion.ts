import type { Interval } from '../core/index.ts'
import { normalQuantile } from './distributions.ts'

/** Interval of a share (Wilson 1927), which also holds for few trials and for shares near 0 and 1. */
export function wilson(successes: number, trials: number, confidence = 0.95): Interval {
  if (trials === 0) return { low: 0, high: 1, confidence }
  const z = normalQuantile((1 + confidence) / 2)
  const share = successes / trials
  const weight = 1 + (z * z) / trials
  const center = (share + (z * z) / (2 * trials)) / weight
  const half =
    (z / weight) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials ** 2))
  return {
    low: successes === 0 ? 0 : Math.max(0, center - half),
    high: successes === trials ? 1 : Math.min(1, center + half),
    confidence,
  }
}
