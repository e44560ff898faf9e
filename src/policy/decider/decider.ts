import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import type { RequestFacts } from './facts.ts'
import type { DecidersKeep } from './keep.ts'
import type { ShadowChange } from './shadow.ts'

/** What a policy says of a request. */
export interface Verdict {
  readonly allowed: boolean
  readonly rule: string
  readonly reason: string | undefined
}

/** A policy that can be asked. It never throws: what fails is refused. */
export interface Decider {
  readonly name: string
  readonly readsBody: boolean
  decide(facts: RequestFacts, explaining: boolean): Verdict
}

/** What policies stand on. */
export interface DecidersWorld {
  readonly clock: Clock
  readonly random: Random
  /** What outlives configurations. */
  readonly keep: DecidersKeep
  /** Where bundles of servers and the log of decisions are kept; absent: in memory, and here. */
  readonly folder?: string | undefined
  /** Tells this process from others that share the folder. */
  readonly instance?: string | undefined
  /** A policy could not decide; told at most once a second. */
  readonly onFailure: (policy: string, failure: string) => void
  /** A policy in shadow would have decided otherwise; told at most once a second. */
  readonly onChange: (policy: string, change: ShadowChange) => void
  /** Another revision of a policy is in force. */
  readonly onLoaded: (policy: string, revision: string) => void
  /** New sources of a policy could not be put in force; those before stay. */
  readonly onRefused: (policy: string, failure: string) => void
  /** Decisions could not be logged. */
  readonly onLoss: (lost: number, failure: string | undefined) => void
}
