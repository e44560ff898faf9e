import type { Interval } from '../../core/index.ts'
import { createRandom } from '../../core/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import { COARSE_BITS, createHistogram, histogramFrom } from '../../histogram/index.ts'
import { bootstrapBlocks, mean } from '../../statistics/index.ts'
import type { LoadResult } from './result.ts'

const BLOCKS = 20
const RESAMPLES = 200

/**
 * Intervals of percentiles from blocks of time, drawn anew with replacement (percentile bootstrap):
 * requests next to each other are not independent, stretches of a run nearly are. In coarse precision
 * (1.6 %). Empty where there are fewer than ten blocks.
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
  return drawn.map((values) => {
    values.sort()
    const low = values[Math.floor(RESAMPLES * 0.025)]!
    const high = values[Math.ceil(RESAMPLES * 0.975) - 1]!
    return { low, high, confidence: 0.95 }
  })
}

/** Windows after the warm-up that hold something, put together to blocks of equal length. */
function blocksOf(result: LoadResult): Histogram[] {
  const windows = result.windows
    .slice(Math.ceil(result.warmUpMs / result.windowMs))
    .flatMap(({ response }) => (response === null ? [] : [histogramFrom(response)]))
  const count = Math.min(BLOCKS, windows.length)
  return Array.from({ length: count }, (_, at) => {
    const from = Math.floor((at * windows.length) / count)
    const to = Math.floor(((at + 1) * windows.length) / count)
    const block = createHistogram(COARSE_BITS)
    for (const window of windows.slice(from, to)) block.add(window)
    return block
  })
}

const WINDOWS_MIN = 10

/**
 * Interval of the rate of good answers from the windows of the run, in runs of neighbors: a window after
 * a slow one is often slow as well. `undefined` below ten windows.
 */
export function rateInterval(result: LoadResult, seed: number): Interval | undefined {
  const { windows, windowMs, warmUpMs, durationMs, elapsedMs } = result
  const whole = windows.slice(
    Math.ceil(warmUpMs / windowMs),
    Math.floor(Math.min(durationMs, elapsedMs) / windowMs),
  )
  if (whole.length < WINDOWS_MIN) return undefined
  const rates = whole.map(({ completed }) => (completed * 1000) / windowMs)
  return bootstrapBlocks(rates, mean, { random: createRandom(seed).fork('rate') })
}
