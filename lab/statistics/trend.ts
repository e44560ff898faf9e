import type { Interval, Point } from '../core/index.ts'
import { normalCdf, normalQuantile } from './distributions.ts'
import { ranksOf } from './ranks.ts'
import { ascending, mean, median, quantileOfSorted } from './summary.ts'

/** A line that is robust against a few outliers. */
export interface TheilSenLine {
  readonly slope: number
  readonly intercept: number
  /** Interval of the slope. */
  readonly interval: Interval
}

/** Theil–Sen line: the median of all slopes between two points; interval by Sen (1968). */
export function theilSen(points: readonly Point[], confidence = 0.95): TheilSenLine {
  const slopes: number[] = []
  for (const [at, [x, y]] of points.entries()) {
    for (const [laterX, laterY] of points.slice(at + 1)) {
      if (laterX !== x) slopes.push((laterY - y) / (laterX - x))
    }
  }
  const sorted = ascending(slopes)
  const slope = quantileOfSorted(sorted, 0.5)
  const { variance } = kendallScore(points.map(([, y]) => y))
  const half = (normalQuantile((1 + confidence) / 2) * Math.sqrt(variance)) / 2
  const rank = (at: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, at))] ?? Number.NaN
  return {
    slope,
    intercept: median(points.map(([x, y]) => y - slope * x)),
    interval: {
      low: rank(Math.floor(sorted.length / 2 - half) - 1),
      high: rank(Math.ceil(sorted.length / 2 + half)),
      confidence,
    },
  }
}

/** Whether values rise or fall with time. */
export interface MannKendallTest {
  readonly score: number
  readonly pTwoSided: number
  /** Probability of such a result if they do not rise. */
  readonly pRising: number
  /**
   * Correlation of neighbors after the trend is removed. Above about 0.3 the probabilities are too
   * small: at 0.5 a trend is found in one of six series without any.
   */
  readonly autocorrelation: number
}

/** Mann–Kendall test for values at equal distances in time, with corrections for ties and continuity. */
export function mannKendall(values: ArrayLike<number>): MannKendallTest {
  const { score, variance } = kendallScore(values)
  const z = variance === 0 ? 0 : (score - Math.sign(score)) / Math.sqrt(variance)
  return {
    score,
    pTwoSided: Math.min(1, 2 * normalCdf(-Math.abs(z))),
    pRising: normalCdf(-z),
    autocorrelation: residualAutocorrelation(values),
  }
}

function kendallScore(values: ArrayLike<number>): {
  readonly score: number
  readonly variance: number
} {
  const size = values.length
  let score = 0
  for (let at = 0; at < size; at += 1) {
    for (let later = at + 1; later < size; later += 1) {
      score += Math.sign(values[later]! - values[at]!)
    }
  }
  return { score, variance: (size * (size - 1) * (2 * size + 5) - tieSum(values)) / 18 }
}

/** Sum over groups of ties of t(t − 1)(2t + 5). */
function tieSum(values: ArrayLike<number>): number {
  const groups = Map.groupBy(ranksOf(values).ranks, (rank) => rank)
  let sum = 0
  for (const { length } of groups.values()) sum += length * (length - 1) * (2 * length + 5)
  return sum
}

function residualAutocorrelation(values: ArrayLike<number>): number {
  if (values.length < 4) return 0
  const points = Array.from(values, (value, at): Point => [at, value])
  const { slope } = theilSen(points)
  const left = points.map(([x, y]) => y - slope * x)
  const center = mean(left)
  let lagged = 0
  let square = 0
  for (const [at, value] of left.entries()) {
    square += (value - center) ** 2
    if (at > 0) lagged += (value - center) * (left[at - 1]! - center)
  }
  return square === 0 ? 0 : lagged / square
}
