import type { Aim, ArrivalKind, ShapeName } from '../../load/index.ts'
import type { ThinkTime } from '../../scenario/index.ts'

/** What a load run is asked; `null` leaves it to the scenario, or to the default. */
export interface LoadOptions extends Aim {
  readonly model: 'closed' | 'open' | null
  readonly shape: ShapeName | null
  /** Requests a second, or users. */
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
  /** Conditions such as `p99<50ms`; without any, those of the scenario. */
  readonly thresholds: readonly string[]
  /** End the run when a threshold has failed for so long; `null` to never. */
  readonly abortAfterMs: number | null
  /** For users: also estimate what a load that does not wait would have seen, with this interval. */
  readonly backfillMs: number | null
}
