import type { Refusal, RefusalCode } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { FailureKind } from './events.ts'
import { WireError } from './http1/types.ts'

/** A try that brought no answer. */
export interface Failure {
  readonly kind: FailureKind
  /** For the log. */
  readonly cause: string
}

/** The client went away: nobody's failure. */
export const CLIENT_GONE: Failure = { kind: 'aborted', cause: 'the client went away' }

/** Says what kind of failure an error is; what is not known counts as a broken protocol. */
export function classifyError(error: unknown): Failure {
  if (error instanceof WireError) return { kind: error.failure, cause: error.message }
  return { kind: 'protocol', cause: error instanceof Error ? error.message : 'unknown' }
}

/** The refusal a failure becomes for the caller; the cause stays inside. */
export function refusalOf(failure: Failure, upstream: string): Refusal {
  const code: RefusalCode = failure.kind === 'timeout' ? 'upstream_timeout' : 'upstream_failed'
  return refuse(code, { internal: `${upstream}: ${failure.kind}: ${failure.cause}` })
}
