import { LabError } from '../../core/index.ts'
import type { Interval, Judgement } from '../../core/index.ts'

/** What a budget can limit. `cpu`, `throughput`: relative to the arm that the arm is compared with. */
export type Outcome = 'cpu' | 'p50' | 'p99' | 'throughput'

/** The most that something may cost: a share, or milliseconds for `p50` and `p99`. */
export type Budget = {
  readonly arm: string
  readonly outcome: Outcome
  readonly limit: number
  readonly text: string
}

const PATTERN = /^([\w -]+?)(?:\.(cpu|throughput|p50|p99))?\s*<=?\s*(\d+(?:\.\d+)?)\s*(%|us|µs|ms)$/

/**
 * Reads a budget such as `limits<5%` (processor time per request), `all.throughput<20%` (the loss) or
 * `all.p99<1ms` (the added latency).
 *
 * @throws LabError
 */
export function parseBudget(text: string): Budget {
  const [, arm, outcome = 'cpu', number, unit] = PATTERN.exec(text.trim()) ?? []
  const isTime = outcome === 'p50' || outcome === 'p99'
  if (arm === undefined || number === undefined || isTime === (unit === '%')) {
    throw new LabError(`not a budget: ${text} (write limits<5%, all.throughput<20% or all.p99<1ms)`)
  }
  const factor = unit === '%' ? 0.01 : unit === 'ms' ? 1 : 0.001
  return { arm, outcome: outcome as Outcome, limit: Number(number) * factor, text: text.trim() }
}

/** The measured cost that a budget limits. */
export interface Cost {
  readonly value: number
  readonly interval: Interval
  readonly pGreater: number
}

/**
 * Judges a cost by its budget. A failure needs an interval beyond the budget and beyond the A/A floor
 * (`floor`), and a probability below 0.01. A pass needs an interval within the budget and a floor that does
 * not exceed it.
 */
export function judgeBudget(
  budget: Budget,
  cost: Cost | undefined,
  floor: number | undefined,
): Judgement {
  const { limit, text, outcome } = budget
  const show = (value: number): string =>
    outcome === 'cpu' || outcome === 'throughput'
      ? `${(value * 100).toFixed(1)} %`
      : `${value.toFixed(3)} ms`
  if (cost === undefined) return { verdict: 'inconclusive', reason: `${text}: not measured` }
  const range = `${show(cost.value)} (${show(cost.interval.low)} to ${show(cost.interval.high)})`
  if (cost.interval.low > Math.max(limit, floor ?? limit) && cost.pGreater < 0.01) {
    return { verdict: 'fail', reason: `${text}: it costs ${range}` }
  }
  if (floor !== undefined && floor > limit) {
    return {
      verdict: 'inconclusive',
      reason: `${text}: differences below ${show(floor)} cannot be told from none in this run`,
    }
  }
  if (cost.interval.high <= limit) return { verdict: 'pass', reason: `${text}: it costs ${range}` }
  return { verdict: 'inconclusive', reason: `${text}: ${range} lies on both sides of the budget` }
}
