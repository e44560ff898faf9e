import type { Interval } from '../../core/index.ts'
import { createRandom } from '../../core/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import {
  COARSE_BITS,
  createHistogram,
  histogramFrom,
  mergeHistograms,
} from '../../histogram/index.ts'
import {
  alikeness,
  expandedTail,
  mean,
  quantileOfSorted,
  standardDeviation,
  studentQuantile,
  wideningOf,
  wilson,
} from '../../statistics/index.ts'
import type { LoadResult } from './result.ts'

const BLOCKS = 20
const RESAMPLES = 400
const CONFIDENCE = 0.95
/** A value of a coarse histogram stands for values down to this share below it. */
const CELL_SHARE = 2 ** (1 - COARSE_BITS)
/**
 * Intervals of percentiles from blocks of time, resampled with replacement: neighboring requests are not independent,
 * but blocks of a run nearly are. A percentile bootstrap with the tails of Student's t for so few blocks (Hesterberg
 * 2015, "expanded percentile"), widened if neighboring blocks are correlated, and by the width of a cell of the
 * coarse histograms (1.6 %). Empty if there are fewer than ten blocks. `lab/bench/coverage.ts` counts how often they
 * contain the true value.
 */
export function quantileIntervals(
  result: LoadResult,
  shares: readonly number[],
  seed: number,
): readonly Interval[] {
  const blocks = blocksOf(result)
  if (blocks.length < BLOCKS / 2) return []
  const random = createRandom(seed).fork('quantiles')
  const drawn = shares.map(() => new Float64Array(RESAMPLES))
  const resample = createHistogram(COARSE_BITS)
  for (let round = 0; round < RESAMPLES; round += 1) {
    resample.clear()
    for (let at = 0; at < blocks.length; at += 1) resample.add(blocks[random.below(blocks.length)]!)
    for (const [at, share] of shares.entries()) drawn[at]![round] = resample.quantile(share) / 1000
  }
  const whole = mergeHistograms(blocks)
  const tail = expandedTail(blocks.length)
  /** Few values lie beyond a high percentile, so correlation is estimated at the median as well. */
  const alikeAtMedian = alikenessAt(whole.quantile(0.5), blocks)
  return shares.map((share, at) => {
    const values = drawn[at]!.sort()
    const centerUs = whole.quantile(share)
    const alike = Math.max(alikeAtMedian, alikenessAt(centerUs, blocks))
    const widening = wideningOf(alike, blocks.length, CONFIDENCE)
    const centerMs = Math.max(centerUs, 1) / 1000
    const reach = (bound: number): number => centerMs * (bound / centerMs) ** widening
    return {
      low: reach(quantileOfSorted(values, tail)) * (1 - CELL_SHARE),
      high: reach(quantileOfSorted(values, 1 - tail)),
      confidence: CONFIDENCE,
    }
  })
}

/** The correlation of neighboring blocks in how many of their values lie above a given one. */
const alikenessAt = (valueUs: number, blocks: readonly Histogram[]): number =>
  alikeness(blocks.map((block) => block.countAbove(valueUs) / block.count))

/** The nonempty windows after the warm-up, merged into blocks of equal length. */
function blocksOf(result: LoadResult): Histogram[] {
  const windows = afterWarmUp(result).flatMap(({ response }) =>
    response === null ? [] : [histogramFrom(response)],
  )
  const count = Math.min(BLOCKS, windows.length)
  return Array.from({ length: count }, (_, at) => {
    const block = createHistogram(COARSE_BITS)
    for (const window of partOf(windows, at, count)) block.add(window)
    return block
  })
}

const afterWarmUp = ({ windows, warmUpMs, windowMs }: LoadResult): LoadResult['windows'] =>
  windows.slice(Math.ceil(warmUpMs / windowMs))

/** One of `count` parts of equal length, give or take one. */
const partOf = <Item>(items: readonly Item[], at: number, count: number): readonly Item[] =>
  items.slice(
    Math.floor((at * items.length) / count),
    Math.floor(((at + 1) * items.length) / count),
  )

/**
 * Interval of the share of failures (Wilson), for the smaller number of independent requests that would be as
 * informative. Failures come in clusters; how strongly shows in the variance between blocks of the run (design
 * effect, Rao and Scott 1992).
 */
export function errorInterval(result: LoadResult, failed: number, planned: number): Interval {
  const effect = designEffect(result)
  return wilson(failed / effect, planned / effect)
}

/** Variance of failures between blocks, relative to that of independent failures; at least 1. */
function designEffect(result: LoadResult): number {
  const windows = afterWarmUp(result)
  const count = Math.min(BLOCKS, windows.length)
  const blocks = Array.from({ length: count }, (_, at) => {
    const part = partOf(windows, at, count)
    return {
      failed: part.reduce((sum, { failed }) => sum + failed, 0),
      planned: part.reduce((sum, { planned }) => sum + planned, 0),
    }
  }).filter(({ planned }) => planned > 0)
  const share =
    blocks.reduce((sum, { failed }) => sum + failed, 0) /
    blocks.reduce((sum, { planned }) => sum + planned, 0)
  if (blocks.length < 2 || !(share > 0 && share < 1)) return 1
  const squares = blocks.map(
    ({ failed, planned }) => (failed - planned * share) ** 2 / (planned * share * (1 - share)),
  )
  return Math.max(1, (mean(squares) * blocks.length) / (blocks.length - 1))
}

const WINDOWS_MIN = 10

/**
 * Interval of the rate of good answers from blocks of time, by Student's t, widened if neighboring blocks are
 * correlated: a window after a slow one is often slow as well. `undefined` below ten windows.
 */
export function rateInterval(result: LoadResult): Interval | undefined {
  const { windows, windowMs, warmUpMs, durationMs, elapsedMs } = result
  const whole = windows.slice(
    Math.ceil(warmUpMs / windowMs),
    Math.floor(Math.min(durationMs, elapsedMs) / windowMs),
  )
  if (whole.length < WINDOWS_MIN) return undefined
  const count = Math.min(BLOCKS, whole.length)
  const rates = Array.from(
    { length: count },
    (_, at) => (mean(partOf(whole, at, count).map(({ completed }) => completed)) * 1000) / windowMs,
  )
  const center = mean(rates)
  const half =
    (wideningOf(alikeness(rates), count, CONFIDENCE) *
      studentQuantile((1 + CONFIDENCE) / 2, count - 1) *
      standardDeviation(rates)) /
    Math.sqrt(count)
  return { low: Math.max(0, center - half), high: center + half, confidence: CONFIDENCE }
}
