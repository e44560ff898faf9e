import type { Exchange } from './exchange.ts'

/** What a policy decided about a request. */
export interface PolicyVerdict {
  readonly allowed: boolean
  /** Which policy decided, in which revision, and how: for explanations and the audit log. */
  readonly rule: string
  /** What the policy tells the caller. */
  readonly reason: string | undefined
}

/** A policy that routes ask. If it fails, the request is refused. */
export interface PolicyDecider {
  readonly name: string
  /** Whether the body must have been read before {@link PolicyDecider.decide}. */
  readonly readsBody: boolean
  /** @param explaining whether this is only an explanation, which is counted and logged nowhere */
  decide(exchange: Exchange, explaining: boolean): PolicyVerdict
}

/** The policies of a configuration. */
export interface PolicyDeciders {
  get(name: string): PolicyDecider | undefined
}
