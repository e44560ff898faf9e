import type { Interval } from '../core/index.ts'
import { normalCdf, normalQuantile } from './distributions.ts'
import { ranksOf } from './ranks.ts'
import { ascending, quantileOfSorted } from './summary.ts'

/** Whether values of `b` tend to be larger than those of `a`. */
export interface MannWhitneyTest {
  /** Pairs in which `b` is larger, ties counting half. */
  readonly u: number
  readonly pTwoSided: number
  /** Probability of such a result if `b` is not larger. */
  readonly pGreater: number
  readonly exact: boolean
}

const EXACT_PAIRS_MAX = 400

/**
 * Mann–Whitney U test (1947). Exact, ties included, up to 400 pairs; beyond, the normal approximation
 * with corrections for ties and continuity.
 */
export function mannWhitney(a: ArrayLike<number>, b: ArrayLike<number>): MannWhitneyTest {
  const { ranks, tieTerm } = ranksOf([...Array.from(a), ...Array.from(b)])
  const pairs = a.length * b.length
  let rankSum = 0
  for (let at = a.length; at < ranks.length; at += 1) rankSum += ranks[at]!
  const u = rankSum - (b.length * (b.length + 1)) / 2
  if (pairs === 0) return { u: 0, pTwoSided: 1, pGreater: 1, exact: true }
  if (pairs <= EXACT_PAIRS_MAX) {
    const { atLeast, atMost } = exactTails(ranks, b.length, rankSum)
    return {
      u,
      pTwoSided: Math.min(1, 2 * Math.min(atLeast, atMost)),
      pGreater: atLeast,
      exact: true,
    }
  }
  const size = ranks.length
  const spread = Math.sqrt((pairs / 12) * (size + 1 - tieTerm / (size * (size - 1))))
  if (spread === 0) return { u, pTwoSided: 1, pGreater: 1, exact: false }
  const above = (u - pairs / 2 - 0.5) / spread
  const away = (Math.abs(u - pairs / 2) - 0.5) / spread
  return {
    u,
    pTwoSided: Math.min(1, 2 * normalCdf(-away)),
    pGreater: normalCdf(-above),
    exact: false,
  }
}

/** Shares of the subsets of `size` ranks whose sum is at least, and at most, the one observed. */
function exactTails(
  ranks: Float64Array,
  size: number,
  observed: number,
): { readonly atLeast: number; readonly atMost: number } {
  // Mean ranks of ties are multiples of a half, so twice a rank is a whole number.
  const weights = Array.from(ranks, (rank) => Math.round(rank * 2))
  const ways = subsetSums(weights, size)
  const bound = Math.round(observed * 2)
  let total = 0
  let atLeast = 0
  let atMost = 0
  for (const [sum, count] of ways.entries()) {
    total += count
    if (sum >= bound) atLeast += count
    if (sum <= bound) atMost += count
  }
  return { atLeast: atLeast / total, atMost: atMost / total }
}

/** For each sum, how many subsets of `size` weights have it. */
function subsetSums(weights: readonly number[], size: number): Float64Array {
  const sumMax = weights.reduce((sum, weight) => sum + weight, 0)
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(sumMax + 1))
  ways[0]![0] = 1
  for (const weight of weights) {
    for (let taken = size; taken > 0; taken -= 1) {
      const [more, less] = [ways[taken]!, ways[taken - 1]!]
      for (let sum = sumMax; sum >= weight; sum -= 1) more[sum]! += less[sum - weight]!
    }
  }
  return ways[size]!
}

/** A difference between two samples with its interval. */
export interface Shift {
  readonly value: number
  readonly interval: Interval
}

/**
 * Hodges–Lehmann estimate (1963): the median of all differences `b − a`, its interval from the
 * distribution of Mann and Whitney's U (Moses).
 */
export function hodgesLehmann(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  confidence = 0.95,
): Shift {
  const differences = ascending(Array.from(a).flatMap((from) => Array.from(b, (to) => to - from)))
  const below = pairsBelow(a.length, b.length, (1 - confidence) / 2)
  return {
    value: quantileOfSorted(differences, 0.5),
    interval: {
      low: differences[below] ?? Number.NaN,
      high: differences[differences.length - 1 - below] ?? Number.NaN,
      confidence,
    },
  }
}

/** How many of the smallest differences lie outside the interval: `qwilcox(tail) − 1`. */
function pairsBelow(sizeA: number, sizeB: number, tail: number): number {
  const pairs = sizeA * sizeB
  if (pairs > EXACT_PAIRS_MAX) {
    const spread = Math.sqrt((pairs * (sizeA + sizeB + 1)) / 12)
    return Math.max(0, Math.floor(pairs / 2 + normalQuantile(tail) * spread - 0.5))
  }
  const ways = subsetSums(
    Array.from({ length: sizeA + sizeB }, (_, at) => at + 1),
    sizeB,
  )
  const total = ways.reduce((sum, count) => sum + count, 0)
  const least = (sizeB * (sizeB + 1)) / 2
  let seen = 0
  let u = 0
  while (u <= pairs) {
    seen += ways[least + u]! / total
    if (seen > tail) break
    u += 1
  }
  return Math.max(0, u - 1)
}
