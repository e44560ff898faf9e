import type { Interval, Random } from '../../core/index.ts'
import { histogramFrom, mergeHistograms, valuesNeeded } from '../../histogram/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import { median, medianInterval, signFlipTest } from '../../statistics/index.ts'
import { BLOCKS_NEEDED, CONFIDENCE } from './effects.ts'
import type { LatencyBlock, OverheadRaw } from './raw.ts'

/** Time that an arm adds to a percentile at the common rate, milliseconds. */
export interface Added {
  readonly arm: number
  readonly share: number
  readonly value: number
  readonly interval: Interval
  readonly pGreater: number
  readonly blocks: number
}

/** Percentiles that are compared. */
export const SHARES = { p50: 0.5, p99: 0.99 } as const

/** What each arm adds; an arm is missing if there are too few blocks or requests. */
export function addedLatency(raw: OverheadRaw, random: Random): readonly Added[] {
  const good = raw.latency.filter(({ failed }) => failed === 0)
  const byArm = Map.groupBy(good, ({ contender }) => contender)
  return [...byArm].flatMap(([arm, blocks]) =>
    Object.values(SHARES).flatMap((share) => {
      const differences = blocks.flatMap((block) => differenceOf(block, share))
      if (differences.length < BLOCKS_NEEDED) return []
      const source = random.fork(`${raw.arms[arm]?.name ?? ''} ${share}`)
      return [
        {
          arm,
          share,
          value: median(differences),
          interval: medianInterval(differences, CONFIDENCE),
          pGreater: signFlipTest(differences, source).pGreater,
          blocks: differences.length,
        },
      ]
    }),
  )
}

function differenceOf(block: LatencyBlock, share: number): readonly number[] {
  const contender = histogramFrom(block.contenderTimes)
  const reference = histogramFrom(block.referenceTimes)
  if (Math.min(contender.count, reference.count) < valuesNeeded(share)) return []
  return [(contender.quantile(share) - reference.quantile(share)) / 1000]
}

/** All response times of each arm at the common rate, merged by their counts. */
export function timesByArm(raw: OverheadRaw): ReadonlyMap<number, Histogram> {
  const parts = new Map<number, Histogram[]>()
  const add = (arm: number, histogram: Histogram): void => {
    const known = parts.get(arm)
    if (known === undefined) parts.set(arm, [histogram])
    else known.push(histogram)
  }
  for (const block of raw.latency) {
    if (block.failed > 0) continue
    add(block.contender, histogramFrom(block.contenderTimes))
    add(block.reference, histogramFrom(block.referenceTimes))
  }
  return new Map([...parts].map(([arm, all]) => [arm, mergeHistograms(all)]))
}
