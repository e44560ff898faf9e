import type { Figure, Interval } from '../../core/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import { supportedQuantile } from '../../histogram/index.ts'
import type { KeptUp } from './kept-up.ts'
import { keptUp } from './kept-up.ts'
import type { LoadResult } from './result.ts'
import type { LoadSummary } from './summary.ts'
import { errorInterval, quantileIntervals, rateInterval } from './intervals.ts'

/** Published percentiles: the suffix of the figure's name, and the share. */
const PERCENTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
] as const

const MS_PER_US = 1e-3

/** A percentile as a figure; without a value if the sample does not support it. */
export function percentileFigure(
  histogram: Histogram,
  share: number,
  name: string,
  label: string,
): Figure {
  const { valueUs, insufficient } = supportedQuantile(histogram, share)
  return {
    name,
    label,
    unit: 'milliseconds',
    value: valueUs === null ? null : valueUs * MS_PER_US,
    sampleSize: histogram.count,
    ...(insufficient === undefined ? {} : { insufficient }),
  }
}

/** The figures of a load, most important first. */
export function loadFigures(result: LoadResult, summary: LoadSummary, seed: number): Figure[] {
  const { response, service, lag } = summary
  const changing = keptUp(result)
  const percentiles = responseFigures(result, response, seed)
  const [p50, , , p99, p999] = percentiles
  return [
    p99!,
    p50!,
    // If the rate was planned to change, its spread over time is not uncertainty.
    rateFigure(summary, changing === undefined ? rateInterval(result) : undefined),
    errorFigure(result, summary),
    ...(changing === undefined ? [] : [keptUpFigure(changing)]),
    p999!,
    ...percentiles.filter((figure) => ![p50, p99, p999].includes(figure)),
    {
      name: 'response.max',
      label: 'response, longest',
      unit: 'milliseconds',
      ...valueOrNot(response, response.maxUs * MS_PER_US),
    },
    {
      name: 'response.mean',
      label: 'response, mean',
      unit: 'milliseconds',
      ...valueOrNot(response, response.meanUs * MS_PER_US),
    },
    percentileFigure(service, 0.5, 'service.p50', 'service median'),
    percentileFigure(service, 0.99, 'service.p99', 'service p99'),
    percentileFigure(lag, 0.99, 'lag.p99', 'generator lag p99'),
    countFigure('requests.planned', 'requests planned', summary.planned),
    countFigure('requests.failed', 'requests failed', summary.failed),
    countFigure('connections.peak', 'connections at most', result.connectionsPeak),
    ...(result.model === 'closed' ? [littleFigure(result, summary)] : []),
  ]
}

/** The published percentiles of the response times, in order. */
function responseFigures(result: LoadResult, response: Histogram, seed: number): Figure[] {
  const shares = PERCENTILES.map(([, share]) => share)
  const intervals = quantileIntervals(result, shares, seed)
  return PERCENTILES.map(([name, share], at) =>
    withInterval(
      percentileFigure(response, share, `response.${name}`, `response ${labelOf(share)}`),
      intervals[at],
    ),
  )
}

const rateFigure = (
  { ratePerSecond, succeeded }: LoadSummary,
  interval: Interval | undefined,
): Figure =>
  withInterval(
    {
      name: 'rps',
      label: 'good answers',
      unit: 'per-second',
      value: ratePerSecond,
      sampleSize: succeeded,
    },
    interval,
  )

const errorFigure = (result: LoadResult, { planned, failed, errorRate }: LoadSummary): Figure => ({
  name: 'error_rate',
  label: 'failures',
  unit: 'share',
  sampleSize: planned,
  ...(planned === 0
    ? { value: null, insufficient: 'nothing was planned after the warm-up' }
    : { value: errorRate, interval: errorInterval(result, failed, planned) }),
})

const countFigure = (name: string, label: string, value: number): Figure => ({
  name,
  label,
  unit: 'count',
  value,
})

const keptUpFigure = ({ rate, behindFrom }: KeptUp): Figure => ({
  name: 'kept-up',
  label:
    behindFrom === null ? 'highest rate, kept up with' : 'highest rate before answers fell behind',
  unit: 'per-second',
  value: rate,
})

const labelOf = (share: number): string => (share === 0.5 ? 'median' : `p${share * 100}`)

/** Extends an interval to contain the value: computed from coarser data, it may lie beside it. */
function withInterval(figure: Figure, interval: Interval | undefined): Figure {
  const { value } = figure
  if (value === null || interval === undefined) return figure
  const low = Math.min(interval.low, value)
  const high = Math.max(interval.high, value)
  return { ...figure, interval: { low, high, confidence: interval.confidence } }
}

function valueOrNot(
  histogram: Histogram,
  value: number,
): { readonly value: number | null; readonly sampleSize: number; readonly insufficient?: string } {
  const sampleSize = histogram.count
  return sampleSize > 0
    ? { value, sampleSize }
    : { value: null, sampleSize, insufficient: 'no request was answered' }
}

/**
 * The number of users that Little's law gives for rate, response and think time, as a share of the mean
 * number there were: near 1 if all three were measured correctly.
 */
function littleFigure(result: LoadResult, { ratePerSecond, response }: LoadSummary): Figure {
  const seconds = response.meanUs / 1e6 + (result.thinkMs ?? 0) / 1000
  const value = (ratePerSecond * seconds) / (result.usersMean ?? result.users)
  return {
    name: 'little',
    label: 'users by the law of Little, of those there were',
    unit: 'ratio',
    ...(Number.isFinite(value)
      ? { value }
      : { value: null, insufficient: 'no request was answered' }),
  }
}
