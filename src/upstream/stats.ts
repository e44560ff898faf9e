import type { BreakerState } from './events.ts'

/** A target's state. */
export interface TargetStats {
  readonly url: string
  readonly weight: number
  /** Whether requests are sent to it now. */
  readonly available: boolean
  /**
   * `false` when its health checks fail, it is ejected, its breaker is not closed, or as many requests in a row have
   * failed as lead to ejection; `null` while nothing is known of it, because no check and no request has completed.
   */
  readonly healthy: boolean | null
  /** When its ejection ends, milliseconds of the wall clock; absent when it is not ejected. */
  readonly ejectedUntilMs?: number
  readonly breaker: BreakerState
  readonly inFlight: number
  readonly requests: number
  readonly failures: number
  /** Requests completed in the last minute, not counting health checks. */
  readonly outcomesRecent: number
  /** The share of those that failed, from 0 to 1; `null` if there are none. */
  readonly failureShare: number | null
}

/** An upstream's state. */
export interface UpstreamStats {
  readonly name: string
  readonly inFlight: number
  readonly queued: number
  readonly requests: number
  readonly retries: number
  readonly failures: number
  /** Requests refused because the queue was full or the wait too long. */
  readonly overloaded: number
  readonly targets: readonly TargetStats[]
}
