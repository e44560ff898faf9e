import type { Interval } from '../../core/index.ts'
import {
  alikeness,
  mean,
  standardDeviation,
  studentQuantile,
  wideningOf,
} from '../../statistics/index.ts'
import type { MetricName } from './metrics.ts'
import { BLOCKS_MIN, logOf } from './metrics.ts'
import type { SideRaw } from './raw.ts'

/** The level of a metric in one run, milliseconds: geometric mean of its blocks. */
export type Level = {
  readonly value: number
  /** By Student's t over the logarithms of the blocks, widened if neighboring blocks are correlated. */
  readonly interval: Interval
  readonly blocks: number
}

/** Levels of one run; `null` if too few blocks support the metric. */
export type Levels = Readonly<Record<MetricName, Level | null>>

/** Factors that convert to milliseconds. */
const FACTORS: Readonly<Record<MetricName, number>> = { cpu: 1e-6, time: 1e3, p50: 1e-3, p99: 1e-3 }
const CONFIDENCE = 0.95

/** The fewest blocks from which correlation of neighbors can be estimated. */
const BLOCKS_TELLING = 10

/** How much wider the interval must be than if the blocks were independent: see {@link wideningOf}. */
export const restlessness = (logs: readonly number[]): number =>
  logs.length < BLOCKS_TELLING ? 1 : wideningOf(alikeness(logs), logs.length, CONFIDENCE)

/** The level of a metric over blocks. */
export function levelOf(metric: MetricName, blocks: readonly SideRaw[]): Level | null {
  const logs = blocks.flatMap((side) => logOf(metric, side) ?? [])
  if (logs.length < BLOCKS_MIN) return null
  const center = mean(logs)
  const half =
    (restlessness(logs) *
      studentQuantile((1 + CONFIDENCE) / 2, logs.length - 1) *
      standardDeviation(logs)) /
    Math.sqrt(logs.length)
  const ms = (log: number): number => Math.exp(log) * FACTORS[metric]
  return {
    value: ms(center),
    interval: { low: ms(center - half), high: ms(center + half), confidence: CONFIDENCE },
    blocks: logs.length,
  }
}

/** Levels of all metrics. */
export const levelsOf = (blocks: readonly SideRaw[]): Levels => ({
  cpu: levelOf('cpu', blocks),
  time: levelOf('time', blocks),
  p50: levelOf('p50', blocks),
  p99: levelOf('p99', blocks),
})
