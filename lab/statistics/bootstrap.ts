import type { Interval, Random } from '../core/index.ts'
import { normalCdf, studentQuantile } from './distributions.ts'
import { quantileOfSorted } from './summary.ts'

/** A statistic of a sample, such as its median. */
export type Statistic = (values: Float64Array) => number

/** Options of a bootstrap interval. */
export interface BootstrapOptions {
  readonly random: Random
  /** 0 to 1; default 0.95. */
  readonly confidence?: number
  /** Default 2,000. */
  readonly resamples?: number
}

/**
 * The share of resamples of a mean to leave out at either end. With few units the plain percentiles are too narrow, as
 * the normal distribution is compared with Student's t, and as dividing by n is compared with n − 1 (Hesterberg 2015,
 * "expanded percentile").
 *
 * @param units - Number of units that were drawn with replacement; at least 2.
 */
export function expandedTail(units: number, confidence = 0.95): number {
  const t = studentQuantile((1 - confidence) / 2, units - 1)
  return normalCdf(t * Math.sqrt(units / (units - 1)))
}

/** Percentile bootstrap (Efron 1979); `values` must be independent. */
export function bootstrap(
  values: ArrayLike<number>,
  statistic: Statistic,
  { random, confidence = 0.95, resamples = 2000 }: BootstrapOptions,
): Interval {
  const size = values.length
  if (size === 0) throw new RangeError('there is nothing to resample')
  const drawn = new Float64Array(size)
  const found = new Float64Array(resamples)
  for (let at = 0; at < resamples; at += 1) {
    for (let filled = 0; filled < size; filled += 1) drawn[filled] = values[random.below(size)]!
    found[at] = statistic(drawn)
  }
  found.sort()
  const tail = (1 - confidence) / 2
  return {
    low: quantileOfSorted(found, tail),
    high: quantileOfSorted(found, 1 - tail),
    confidence,
  }
}
