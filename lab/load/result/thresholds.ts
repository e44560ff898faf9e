import type { Interval } from '../../core/index.ts'
import { LabError } from '../../core/index.ts'
import { histogramFrom, supportedQuantile } from '../../histogram/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import { errorInterval, quantileIntervals, rateInterval } from './intervals.ts'
import { keptUp } from './kept-up.ts'
import type { LoadResult } from './result.ts'
import type { LoadSummary } from './summary.ts'

/** A condition on a figure of a load: `p99<50ms`, `error_rate<1%`, `rps>1000`, `p95{recall}<20ms`. */
export interface Threshold {
  readonly text: string
  readonly metric: Metric
  /** Name of a request, for a percentile of that request alone. */
  readonly request: string | undefined
  readonly operator: Operator
  /** In milliseconds, as a share, or per second. */
  readonly limit: number
}

/** The result of a threshold; `unknown` if the sample does not support its figure, or cannot decide. */
export interface Finding {
  readonly threshold: Threshold
  readonly status: 'failed' | 'held' | 'unknown'
  readonly measured: number | null
  readonly reason: string
}

type Operator = '<' | '<=' | '>' | '>='

type Metric =
  | { readonly kind: 'error_rate' }
  | { readonly kind: 'rps' }
  | { readonly kind: 'max'; readonly of: 'response' }
  | { readonly kind: 'mean'; readonly of: 'response' }
  | {
      readonly kind: 'percentile'
      readonly of: 'lag' | 'response' | 'service'
      readonly share: number
    }

const FORM =
  /^(?:(response|service|lag)\.)?(p\d{1,2}(?:\.\d{1,3})?|max|mean|error_rate|rps)(?:\{([^}]+)\})?\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s|%)?$/

const MS_PER: Readonly<Record<string, number>> = { us: 1e-3, µs: 1e-3, ms: 1, s: 1000 }

const HOLDS: Readonly<Record<Operator, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
}

/** @throws LabError for what is not a threshold. */
export function parseThreshold(text: string): Threshold {
  const match = FORM.exec(text.trim())
  if (match === null) {
    throw new LabError(
      `"${text}" is not a threshold; write for example p99<50ms, p95{recall}<20ms, error_rate<1% or rps>1000`,
    )
  }
  const [, of = 'response', name = '', request, operator, number, unit] = match
  const wrongUnit = (wanted: string): LabError =>
    new LabError(`"${text}": ${name} is given in ${wanted}`)
  const value = Number(number)
  const base = { text: text.trim(), request, operator: operator as Operator }
  if (name === 'error_rate') {
    if (unit !== '%' && unit !== undefined) throw wrongUnit('percent, or as a share of 1')
    return { ...base, metric: { kind: 'error_rate' }, limit: unit === '%' ? value / 100 : value }
  }
  if (name === 'rps') {
    if (unit !== undefined) throw wrongUnit('requests a second, without a unit')
    return { ...base, metric: { kind: 'rps' }, limit: value }
  }
  const factor = MS_PER[unit ?? '']
  if (factor === undefined) throw wrongUnit('us, ms or s')
  const limit = value * factor
  if (name === 'max') return { ...base, metric: { kind: 'max', of: 'response' }, limit }
  if (name === 'mean') return { ...base, metric: { kind: 'mean', of: 'response' }, limit }
  const share = Number(name.slice(1)) / 100
  const metric = { kind: 'percentile', of: of as 'lag' | 'response' | 'service', share } as const
  return { ...base, metric, limit }
}

/**
 * Judges a result by a threshold. If the figure has an interval, all of it must lie on one side of the limit;
 * the share of failures of a run without any is judged by its value.
 *
 * @param seed - Seed of the run, so that the interval is the one of the figure.
 */
export function judgeThreshold(
  threshold: Threshold,
  result: LoadResult,
  summary: LoadSummary,
  seed: number,
): Finding {
  const { metric, limit, operator, text } = threshold
  const seen = measure(threshold, result, summary)
  if (typeof seen === 'string') {
    return { threshold, status: 'unknown', measured: null, reason: `${text}: ${seen}` }
  }
  const holds = (value: number): boolean => HOLDS[operator](value, limit)
  const interval = intervalOf(threshold, result, summary, seed)
  const [low, high] = [
    Math.min(seen, interval?.low ?? seen),
    Math.max(seen, interval?.high ?? seen),
  ]
  if (holds(low) !== holds(high)) {
    const range = `${show(metric, low)} to ${show(metric, high)}, 95 %`
    const reason = `${text}: ${show(metric, seen)}, but its interval (${range}) lies on both sides`
    return { threshold, status: 'unknown', measured: seen, reason }
  }
  const status = holds(seen) ? 'held' : 'failed'
  return { threshold, status, measured: seen, reason: `${text}: ${show(metric, seen)}` }
}

/** The interval of a figure of all requests together, if it has one and it is not the share of failures. */
function intervalOf(
  { metric, request }: Threshold,
  result: LoadResult,
  summary: LoadSummary,
  seed: number,
): Interval | undefined {
  const one = request === undefined ? undefined : result.requests[indexOf(result, request)]
  if (metric.kind === 'error_rate') {
    const { failed, planned } = one ?? summary
    return failed === 0 ? undefined : errorInterval(result, failed, planned)
  }
  if (one !== undefined) return undefined
  // If the rate was planned to change, its spread over time is not uncertainty.
  if (metric.kind === 'rps') {
    return keptUp(result) === undefined ? rateInterval(result) : undefined
  }
  return metric.kind === 'percentile' && metric.of === 'response'
    ? quantileIntervals(result, [metric.share], seed)[0]
    : undefined
}

const indexOf = ({ requestNames }: LoadResult, request: string): number =>
  requestNames.indexOf(request)

/** The figure in the unit of the limit, or why there is none. */
function measure(threshold: Threshold, result: LoadResult, summary: LoadSummary): number | string {
  const { metric, request } = threshold
  const at = request === undefined ? undefined : indexOf(result, request)
  if (at === -1) return `there is no request "${request}"`
  const one = at === undefined ? undefined : result.requests[at]
  if (metric.kind === 'rps') {
    return one === undefined
      ? summary.ratePerSecond
      : (one.succeeded / Math.max(1, summary.succeeded)) * summary.ratePerSecond
  }
  if (metric.kind === 'error_rate') {
    const [failed, planned] =
      one === undefined ? [summary.failed, summary.planned] : [one.failed, one.planned]
    return planned === 0 ? 'nothing was planned after the warm-up' : failed / planned
  }
  const histogram = histogramOf(metric.of, one, summary)
  if (histogram.count === 0) return 'no request was answered'
  if (metric.kind === 'max') return histogram.maxUs / 1000
  if (metric.kind === 'mean') return histogram.meanUs / 1000
  const { valueUs, insufficient } = supportedQuantile(histogram, metric.share)
  return valueUs === null ? insufficient : valueUs / 1000
}

function histogramOf(
  of: 'lag' | 'response' | 'service',
  one: LoadResult['requests'][number] | undefined,
  summary: LoadSummary,
): Histogram {
  if (of === 'lag' || one === undefined) return summary[of]
  return histogramFrom(one[of])
}

function show({ kind }: Metric, value: number): string {
  if (kind === 'error_rate') return `${(value * 100).toFixed(3)} %`
  if (kind === 'rps') return `${value.toFixed(1)}/s`
  return `${value.toFixed(3)} ms`
}
