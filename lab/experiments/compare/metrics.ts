import { histogramFrom, valuesNeeded } from '../../histogram/index.ts'
import type { SideRaw } from './raw.ts'

/** The metrics that are compared; for each of them, more is worse. */
export const METRICS = {
  cpu: 'CPU per request',
  time: 'time per request at saturation',
  p50: 'p50 at the common rate',
  p99: 'p99 at the common rate',
} as const
export type MetricName = keyof typeof METRICS
export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[]

/** With fewer blocks, a rank test at 1 % cannot find any difference, however large. */
export const BLOCKS_MIN = 6

const OF: Readonly<Record<MetricName, (side: SideRaw) => number | undefined>> = {
  cpu: ({ slices }) =>
    meanLog(slices.map(({ cpuNs, requests }) => (cpuNs ?? Number.NaN) / requests)),
  time: ({ slices }) => meanLog(slices.map(({ seconds, requests }) => seconds / requests)),
  p50: (side) => logPercentile(side, 0.5),
  p99: (side) => logPercentile(side, 0.99),
}

/**
 * The logarithm of a metric in one block; `undefined` if the block does not support it: a slice
 * without an answer, answers with another status, requests lost at the common rate or too few of them for
 * a percentile.
 */
export function logOf(metric: MetricName, side: SideRaw): number | undefined {
  if (side.slices.some(({ requests, failed }) => requests === 0 || failed > 0)) return undefined
  const value = OF[metric](side)
  return value !== undefined && Number.isFinite(value) ? value : undefined
}

const meanLog = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + Math.log(value), 0) / values.length

function logPercentile({ times, unanswered }: SideRaw, share: number): number | undefined {
  if (unanswered > 0) return undefined
  const histogram = histogramFrom(times)
  // The resolution is one microsecond.
  return histogram.count < valuesNeeded(share)
    ? undefined
    : Math.log(Math.max(1, histogram.quantile(share)))
}
