import type { Refusal, RefusalCode } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { FailureKind } from './events.ts'
import type { WireFailure } from './http1/types.ts'
import { WireError } from './http1/types.ts'

/** Why a try failed. */
export interface Failure {
  readonly kind: FailureKind
  /** For the log. */
  readonly cause: string
}

/** The client went away: neither the gate nor the upstream failed. */
export const CLIENT_GONE: Failure = { kind: 'aborted', cause: 'the client went away' }

/** A request body that broke off counts as `aborted`, because the upstream is not to blame. */
const FAILURES: Readonly<Record<WireFailure, FailureKind>> = {
  connect: 'connect',
  reset: 'reset',
  protocol: 'protocol',
  body: 'aborted',
}

/** Says what kind of failure an error is; an unknown error counts as a protocol failure. */
export function classifyError(error: unknown): Failure {
  if (error instanceof WireError) return { kind: FAILURES[error.failure], cause: error.message }
  return { kind: 'protocol', cause: error instanceof Error ? error.message : 'unknown' }
}

/** The refusal that the caller gets for a failure; the cause appears only in the log. */
export function refusalOf(failure: Failure, upstream: string): Refusal {
  const code: RefusalCode = failure.kind === 'timeout' ? 'upstream_timeout' : 'upstream_failed'
  return refuse(code, { internal: `${upstream}: ${failure.kind}: ${failure.cause}` })
}
