import type { ScenarioData, ThinkTime } from '../scenario/index.ts'
import type { ArrivalKind } from './plan/arrivals.ts'
import type { Profile } from './plan/profile.ts'
import type { Target } from './target.ts'

/** Requests at planned moments, whether or not the server keeps up. The profile is a rate a second. */
export interface OpenModel {
  readonly kind: 'open'
  readonly profile: Profile
  readonly arrivals: ArrivalKind
}

/** Users who wait for their answer, think, and ask again. The profile is a number of users. */
export interface ClosedModel {
  readonly kind: 'closed'
  readonly profile: Profile
  /** Between the end of a flow and the next; `null` for as fast as answers come. */
  readonly think: ThinkTime | null
  /** Users begin spread over this time. */
  readonly startOverMs: number
}

/** What is to be sent, how and for how long: all that workers need, as data. */
export interface LoadPlan {
  readonly target: Target
  readonly scenario: ScenarioData
  readonly model: ClosedModel | OpenModel
  /** Requests planned before this are sent and not counted. */
  readonly warmUpMs: number
  /** From the planned moment: what takes longer is a failure. */
  readonly timeoutMs: number
  /** Connections of all workers together. */
  readonly connectionsMax: number
  /** Connections that are open before the first request, of all workers together. */
  readonly connectionsWarm: number
  /** Local addresses to connect from, in turn; empty for the system's choice. */
  readonly sources: readonly string[]
  readonly windowMs: number
  readonly seed: number
  /** Sort answers by what they say of caches. */
  readonly classify: 'cache' | null
}

/** One worker's part of a plan. */
export interface LoadJob extends LoadPlan {
  readonly share: { readonly index: number; readonly count: number }
}
