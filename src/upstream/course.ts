import type { Clock } from '../core/clock.ts'
import type { Random } from '../core/random.ts'
import type { Pick } from './balance.ts'
import type { Bulkhead } from './bulkhead.ts'
import type { UpstreamConfig } from './config.ts'
import type { UpstreamEvent } from './events.ts'
import type { ForwardRequest, Timeouts } from './forward-request.ts'
import type { Deadlines } from './deadlines.ts'
import type { Failure } from './failure.ts'
import type { WriteHead } from './request-headers.ts'
import type { ResponseFields } from './response-headers.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Target } from './target.ts'

/** Numbers an upstream counts. */
export interface Counts {
  requests: number
  retries: number
  failures: number
  overloaded: number
}

/** Everything that forwarding a request to one upstream needs. */
export interface Course {
  readonly name: string
  readonly config: UpstreamConfig
  readonly clock: Clock
  readonly random: Random
  readonly onEvent: (event: UpstreamEvent) => void
  readonly targets: readonly Target[]
  readonly bulkhead: Bulkhead
  readonly pick: Pick
  readonly counts: Counts
  readonly budget: RetryBudget
  readonly writeHead: WriteHead
  readonly responseFields: ResponseFields
  readonly deadlines: Deadlines
  /** Answers that count as failed, by status. */
  readonly failing: ReadonlyMap<number, Failure>
  readonly timeouts: Timeouts
}

/** A request that has a place in the bulkhead. */
export interface PreparedRequest {
  readonly request: ForwardRequest
  readonly timeouts: Timeouts
  readonly totalAtMs: number
}
