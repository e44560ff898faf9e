import type { Estimate, Verdict } from './statistics.ts'

/** One figure and its target. */
export interface Finding {
  readonly what: string
  readonly value: Estimate
  readonly bound: number
  readonly wants: 'above' | 'below'
  readonly verdict: Verdict
}

/** The result of a measurement: lines for people, data for programs, and findings about targets. */
export interface Report {
  readonly lines: readonly string[]
  readonly data: Readonly<Record<string, unknown>>
  readonly findings: readonly Finding[]
}

/** `0.812 (0.798–0.825)`. */
export const renderEstimate = ({ value, low, high }: Estimate, digits = 3): string =>
  `${value.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`

/** `PASS  0.812 (0.798–0.825), wanted at least 0.8: throughput of all layers`. */
export function renderFinding({ what, value, bound, wants, verdict }: Finding): string {
  const limit = `${wants === 'above' ? 'at least' : 'at most'} ${bound}`
  return `${verdict.padEnd(6)} ${renderEstimate(value)}, wanted ${limit}: ${what}`
}
