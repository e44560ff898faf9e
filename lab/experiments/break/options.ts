import type { Aim } from '../../load/index.ts'

/** What a server must do to hold a rate. */
export interface Objective {
  /** 0 to 1: 0.99 for the 99th percentile of the response time. */
  readonly share: number
  readonly limitMs: number
  readonly errorRateMax: number
  /** Good answers, of what was planned, that must come while the step lasts. */
  readonly goodputMin: number
}

/** What the search for the breaking point is asked. */
export interface BreakOptions extends Aim {
  readonly objective: Objective
  readonly rateFrom: number
  readonly rateMax: number
  readonly stepMs: number
  readonly timeoutMs: number
  readonly connectionsMax: number
  readonly workers: number
  readonly confirmations: number
  /** The server is to hold at least this rate; `null` to only find out. */
  readonly atLeast: number | null
}
