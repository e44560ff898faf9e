import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import type { RequestFacts } from './facts.ts'
import type { DecidersKeep } from './keep.ts'
import type { ShadowChange } from './shadow.ts'

/** What a policy says about a request. */
export interface Verdict {
  readonly allowed: boolean
  readonly rule: string
  readonly reason: string | undefined
}

/** A policy that can be asked. It never throws: a failure is a refusal. */
export interface Decider {
  readonly name: string
  readonly readsBody: boolean
  decide(facts: RequestFacts, explaining: boolean): Verdict
}

/** What policies need from outside. */
export interface DecidersWorld {
  readonly clock: Clock
  readonly random: Random
  /** What outlives a configuration. */
  readonly keep: DecidersKeep
  /**
   * Where fetched bundles and the decision log are kept. When absent, bundles stay in memory and the log is relative to
   * the working directory.
   */
  readonly folder?: string | undefined
  /** Distinguishes this process from others that share the folder. */
  readonly instance?: string | undefined
  /** A policy could not decide; called at most once a second. */
  readonly onFailure: (policy: string, failure: string) => void
  /** A shadow policy would have decided differently; called at most once a second. */
  readonly onChange: (policy: string, change: ShadowChange) => void
  /** A new revision of a policy is in force. */
  readonly onLoaded: (policy: string, revision: string) => void
  /** New sources of a policy could not be put in force; the previous ones stay. */
  readonly onRefused: (policy: string, failure: string) => void
  /** Decisions could not be logged. */
  readonly onLoss: (lost: number, failure: string | undefined) => void
}
