import type { Interval } from '../core/index.ts'
import { ascending } from './summary.ts'

/**
 * Interval of the median of independent values of any distribution: between two order statistics, by how many of n
 * values are below the median (binomial), interpolated between two such intervals (Hettmansperger and Sheather 1986).
 *
 * @param values - At least one.
 * @param confidence - If there are too few values for it, the interval reaches from the least to the greatest, and
 * states the confidence it has.
 */
export function medianInterval(values: ArrayLike<number>, confidence = 0.95): Interval {
  const sorted = ascending(values)
  const size = sorted.length
  if (size === 0) throw new RangeError('there is no median of nothing')
  let ways = 1
  let held = 1 - 2 ** (1 - size)
  if (held <= confidence) return { low: sorted[0]!, high: sorted[size - 1]!, confidence: held }
  // `rank` values are left out at either end of the inner interval, one less of the outer one.
  for (let rank = 1; ; rank += 1) {
    ways *= (size - rank + 1) / rank
    const inner = held - ways * 2 ** (1 - size)
    if (inner <= confidence) {
      const toInner = (held - confidence) / (held - inner)
      const weight = ((size - rank) * toInner) / (rank + (size - 2 * rank) * toInner)
      const between = (outer: number, other: number): number =>
        weight === 0 ? outer : (1 - weight) * outer + weight * other
      return {
        low: between(sorted[rank - 1]!, sorted[rank]!),
        high: between(sorted[size - rank]!, sorted[size - rank - 1]!),
        confidence,
      }
    }
    held = inner
  }
}
