import { studentQuantile } from './distributions.ts'
import { mean } from './summary.ts'

/** Upper limit of the estimated correlation; a few values cannot support more. */
const ALIKE_MAX = 0.7

/**
 * Correlation of neighbors in a series, modeled as a first-order autoregressive process: 0 (also if it is negative) to
 * 0.7. The estimate from a short series is too low by (1 + 4ρ)/n (Marriott and Pope 1954), which is corrected.
 *
 * @param values - At least 6.
 */
export function alikeness(values: readonly number[]): number {
  const size = values.length
  const center = mean(values)
  let square = 0
  let product = 0
  for (const [at, value] of values.entries()) {
    square += (value - center) ** 2
    if (at > 0) product += (value - center) * (values[at - 1]! - center)
  }
  const seen = square === 0 ? 0 : product / square
  return Math.min(ALIKE_MAX, Math.max(0, (size * seen + 1) / (size - 4)))
}

/**
 * How many times wider an interval from a series must be than one from as many independent values: the standard error
 * of the mean is larger, and less certain, as with fewer values (Student's t).
 *
 * @param alike - Correlation of neighbors, below 1: see {@link alikeness}.
 * @param size - Length of the series; at least 10.
 */
export function wideningOf(alike: number, size: number, confidence = 0.95): number {
  const independent = (size * (1 - alike)) / (1 + alike)
  const tail = (1 + confidence) / 2
  const less = studentQuantile(tail, Math.max(1, independent - 1)) / studentQuantile(tail, size - 1)
  return less * Math.sqrt((1 + alike) / (1 - alike))
}
