import type { Aim } from '../../load/index.ts'

/** What counts as holding a rate. */
export interface Objective {
  /** 0 to 1: 0.99 for the 99th percentile of the response time. */
  readonly share: number
  readonly limitMs: number
  readonly errorRateMax: number
  /** Share of the planned requests that must get a good answer while the step lasts. */
  readonly goodputMin: number
}

/** Options of the search for the breaking point. */
export interface BreakOptions extends Aim {
  readonly objective: Objective
  readonly rateFrom: number
  readonly rateMax: number
  readonly stepMs: number
  readonly timeoutMs: number
  readonly connectionsMax: number
  readonly workers: number
  readonly confirmations: number
  /** The rate that the server must hold for a pass; `null` to only find out. */
  readonly atLeast: number | null
}
