import type { ScenarioData, ThinkTime } from '../scenario/index.ts'
import type { ArrivalKind } from './plan/arrivals.ts'
import type { Profile } from './plan/profile.ts'
import type { Target } from './target.ts'

/** Requests at planned moments, whether or not the server keeps up. The profile is a rate per second. */
export interface OpenModel {
  readonly kind: 'open'
  readonly profile: Profile
  readonly arrivals: ArrivalKind
}

/** Users who wait for an answer, think, and send the next request. The profile is a number of users. */
export interface ClosedModel {
  readonly kind: 'closed'
  readonly profile: Profile
  /** Pause between the end of a flow and the next; `null` for none. */
  readonly think: ThinkTime | null
  /** The starts of users are spread over this time. */
  readonly startOverMs: number
}

/** What to send, how and for how long: everything that workers need, as data. */
export interface LoadPlan {
  readonly target: Target
  readonly scenario: ScenarioData
  readonly model: ClosedModel | OpenModel
  /** Requests planned before this are sent and not counted. */
  readonly warmUpMs: number
  /** From the planned moment; requests that take longer are failures. */
  readonly timeoutMs: number
  /** Connections of all workers together. */
  readonly connectionsMax: number
  /** Connections that are open before the first request, of all workers together. */
  readonly connectionsWarm: number
  /** Local addresses to connect from, in turn; empty for the system's choice. */
  readonly sources: readonly string[]
  readonly windowMs: number
  readonly seed: number
  /** Whether to classify answers by what they say about caches. */
  readonly classify: 'cache' | null
}

/** One worker's share of a plan. */
export interface LoadJob extends LoadPlan {
  readonly share: { readonly index: number; readonly count: number }
}
