import type { Refusal, RefusalCode } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { FailureKind } from './events.ts'
import type { WireFailure } from './http1/types.ts'
import { WireError } from './http1/types.ts'

/** A try that brought no answer. */
export interface Failure {
  readonly kind: FailureKind
  /** For the log. */
  readonly cause: string
}

/** The client went away: nobody's failure. */
export const CLIENT_GONE: Failure = { kind: 'aborted', cause: 'the client went away' }

/** The body of the request did not come as it should: no upstream can help it. */
const FAILURES: Readonly<Record<WireFailure, FailureKind>> = {
  connect: 'connect',
  reset: 'reset',
  protocol: 'protocol',
  body: 'aborted',
}

/** Says what kind of failure an error is; what is not known counts as a broken protocol. */
export function classifyError(error: unknown): Failure {
  if (error instanceof WireError) return { kind: FAILURES[error.failure], cause: error.message }
  return { kind: 'protocol', cause: error instanceof Error ? error.message : 'unknown' }
}

/** The refusal a failure becomes for the caller; the cause stays inside. */
export function refusalOf(failure: Failure, upstream: string): Refusal {
  const code: RefusalCode = failure.kind === 'timeout' ? 'upstream_timeout' : 'upstream_failed'
  return refuse(code, { internal: `${upstream}: ${failure.kind}: ${failure.cause}` })
}
