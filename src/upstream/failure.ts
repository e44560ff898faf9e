import type { Refusal, RefusalCode } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { FailureKind } from './events.ts'

/** A try that brought no answer. */
export interface Failure {
  readonly kind: FailureKind
  /** For the log. */
  readonly cause: string
}

const CODE_KINDS: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'connect',
  ConnectionRefused: 'connect',
  FailedToOpenSocket: 'connect',
  ENOTFOUND: 'connect',
  EAI_AGAIN: 'connect',
  ENOENT: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  ECONNRESET: 'reset',
  ConnectionClosed: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
}

/** Says what kind of failure an error of fetch is; what is not known counts as a broken protocol. */
export function classifyError(error: unknown): Failure {
  for (
    let at: unknown = error, depth = 0;
    at instanceof Error && depth < 4;
    at = at.cause, depth++
  ) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : undefined
    const kind = code === undefined ? undefined : CODE_KINDS[code]
    if (kind !== undefined) return { kind, cause: `${code}: ${firstLine(at.message)}` }
  }
  return { kind: 'protocol', cause: error instanceof Error ? firstLine(error.message) : 'unknown' }
}

const REFUSAL_CODES: Readonly<Record<FailureKind, RefusalCode>> = {
  connect: 'upstream_failed',
  timeout: 'upstream_timeout',
  reset: 'upstream_failed',
  protocol: 'upstream_failed',
  status: 'upstream_failed',
  aborted: 'upstream_failed',
}

/** The refusal a failure becomes for the caller; the cause stays inside. */
export const refusalOf = (failure: Failure, upstream: string): Refusal =>
  refuse(REFUSAL_CODES[failure.kind], {
    internal: `${upstream}: ${failure.kind}: ${failure.cause}`,
  })

const firstLine = (text: string): string => text.split('\n', 1)[0]?.slice(0, 200) ?? ''
