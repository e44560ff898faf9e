import type { BreakerState } from './events.ts'

/** A target's state. */
export interface TargetStats {
  readonly url: string
  readonly weight: number
  /** Whether requests are sent to it now. */
  readonly available: boolean
  /** The verdict of active health checks; `true` before the first and without any. */
  readonly healthy: boolean
  /** When its ejection ends, milliseconds of the wall clock; absent when it is not ejected. */
  readonly ejectedUntilMs?: number
  readonly breaker: BreakerState
  readonly inFlight: number
  readonly requests: number
  readonly failures: number
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
