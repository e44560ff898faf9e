import type { Trust } from '../../core/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import { histogramFrom } from '../../histogram/index.ts'
import { mergeStored } from './merge.ts'
import type { LoadResult } from './result.ts'

/** The totals of a load result; everything here is derived from it. */
export interface LoadSummary {
  /** From the planned moment; requests that were given up count with the time they waited. */
  readonly response: Histogram
  /** From the sent moment. */
  readonly service: Histogram
  readonly lag: Histogram
  readonly planned: number
  readonly succeeded: number
  readonly failed: number
  /** Failures among the planned requests, 0 to 1; NaN if none was planned. */
  readonly errorRate: number
  /** Good answers per second, after the warm-up and before the end of the plan. */
  readonly ratePerSecond: number
  /** Cores that all workers used. */
  readonly generatorCores: number
}

/** Adds up the requests of a result. */
export function summarizeLoad(result: LoadResult): LoadSummary {
  const sum = (of: (request: LoadResult['requests'][number]) => number): number =>
    result.requests.reduce((total, request) => total + of(request), 0)
  const planned = sum((request) => request.planned)
  const failed = sum((request) => request.failed)
  const endMs = Math.min(result.durationMs, result.elapsedMs)
  const seconds = Math.max(1e-3, (endMs - result.warmUpMs) / 1000)
  return {
    response: mergeStored(result.requests.map(({ response }) => response)),
    service: mergeStored(result.requests.map(({ service }) => service)),
    lag: histogramFrom(result.lag),
    planned,
    succeeded: sum((request) => request.succeeded),
    failed,
    errorRate: failed / planned,
    ratePerSecond: result.completedInTime / seconds,
    generatorCores: result.cpuMs / Math.max(1, result.elapsedMs),
  }
}

const LAG_US_MIN = 5000
const LAG_SHARE_MAX = 0.1
const FAST_RATE = 10_000
const FAST_LAG_US = 2000
const BUSY_CORES = 0.95

/**
 * Why the figures say more about the generator than about the server, or `undefined`. The reason is that its lag
 * at the 99th percentile is above 5 ms and above a tenth of the response time's, or above 2 ms at
 * 10,000 requests per second; or that users without a pause kept it busy all the time.
 */
export function generatorDoubt(result: LoadResult, summary: LoadSummary): string | undefined {
  const lagUs = summary.lag.quantile(0.99)
  const responseUs = summary.response.quantile(0.99)
  if (lagUs > Math.max(LAG_US_MIN, LAG_SHARE_MAX * responseUs)) {
    return `the generator was late by ${ms(lagUs)} at the 99th percentile: more than it may be`
  }
  if ((result.plannedRate ?? 0) >= FAST_RATE && lagUs > FAST_LAG_US) {
    return `at ${Math.round(result.plannedRate ?? 0)} a second the generator may be late by 2 ms at the 99th percentile; it was by ${ms(lagUs)}`
  }
  return undefined
}

/** Whether users without a pause kept the generator itself busy, so that its rate is a lower bound. */
export function isGeneratorBound(result: LoadResult, summary: LoadSummary): boolean {
  return result.model === 'closed' && summary.generatorCores > BUSY_CORES * result.workers
}

const ms = (us: number): string => `${(us / 1000).toFixed(2)} ms`

/** How far a load result can be trusted, by its own data. */
export function loadTrust(result: LoadResult, summary: LoadSummary): Partial<Trust> {
  const warnings: string[] = []
  const doubt = generatorDoubt(result, summary)
  if (doubt !== undefined) warnings.push(doubt)
  if (isGeneratorBound(result, summary)) {
    warnings.push('the generator used its processors fully: rates are lower bounds')
  }
  const { queued = 0 } = result
  if (queued > 0) {
    warnings.push(
      `${queued} requests waited for one of ${result.connectionsPeak} connections, all that --connections allows; response times hold that`,
    )
  }
  if (result.censored > 0) {
    warnings.push(
      `${result.censored} requests were given up and count as long as they waited: percentiles beyond them are lower bounds`,
    )
  }
  const discarded = [{ reason: 'warm-up', count: result.discarded }]
  return {
    lagP99Ms: summary.lag.count === 0 ? null : summary.lag.quantile(0.99) / 1000,
    generatorCores: summary.generatorCores,
    discarded: result.discarded === 0 ? [] : discarded,
    warnings,
  }
}
