import type { Aim, ArrivalKind, ShapeName } from '../../load/index.ts'
import type { ThinkTime } from '../../scenario/index.ts'

/** Options of a load run; `null` leaves the choice to the scenario, or to the default. */
export interface LoadOptions extends Aim {
  readonly model: 'closed' | 'open' | null
  readonly shape: ShapeName | null
  /** Requests per second, or number of users. */
  readonly level: number | null
  readonly base: number | null
  readonly count: number | null
  readonly durationMs: number | null
  /** `null`: a tenth of the run, at most 3 s. */
  readonly warmUpMs: number | null
  readonly timeoutMs: number
  readonly arrivals: ArrivalKind
  readonly think: ThinkTime | null
  readonly connectionsMax: number | null
  /** Local addresses to connect from. */
  readonly sources: readonly string[]
  readonly workers: number
  /** Workers on other machines; their token is in `headers`, which records hide. */
  readonly remote: {
    readonly urls: readonly string[]
    readonly headers: Readonly<Record<string, string>>
  }
  /** Conditions such as `p99<50ms`; if empty, those of the scenario. */
  readonly thresholds: readonly string[]
  /** Ends the run when a threshold has failed for this long; `null` for never. */
  readonly abortAfterMs: number | null
  /** With users: the interval for an additional estimate of what an open load would have seen. */
  readonly backfillMs: number | null
}
