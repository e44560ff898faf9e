/**
 * Every way Tollgate says no: a code that clients may rely on, its HTTP status and its title. A refusal is a
 * value that stages return. It is never thrown, because under attack refusing is the hot path.
 */
export const REFUSALS = {
  bad_request: { status: 400, title: 'Bad request' },
  host_invalid: { status: 400, title: 'Host header not accepted' },
  path_invalid: { status: 400, title: 'Path not accepted' },
  header_invalid: { status: 400, title: 'Header not accepted' },
  json_invalid: { status: 400, title: 'Body is not valid JSON' },
  request_invalid: { status: 422, title: 'Request does not match its schema' },
  credential_missing: { status: 401, title: 'Credential required' },
  credential_invalid: { status: 401, title: 'Credential not accepted' },
  permission_denied: { status: 403, title: 'Permission denied' },
  address_denied: { status: 403, title: 'Address not allowed' },
  banned: { status: 403, title: 'Temporarily banned' },
  route_unknown: { status: 404, title: 'No such route' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'Not acceptable' },
  request_timeout: { status: 408, title: 'Request took too long' },
  conflict: { status: 409, title: 'Conflict' },
  precondition_failed: { status: 412, title: 'Precondition failed' },
  body_too_large: { status: 413, title: 'Body too large' },
  uri_too_long: { status: 414, title: 'URI too long' },
  content_type_unsupported: { status: 415, title: 'Content type not supported' },
  expectation_failed: { status: 417, title: 'Expectation not met' },
  idempotency_mismatch: { status: 422, title: 'Idempotency key reused with another request' },
  precondition_required: { status: 428, title: 'Precondition required' },
  rate_limited: { status: 429, title: 'Too many requests' },
  quota_exceeded: { status: 429, title: 'Quota used up' },
  concurrency_exceeded: { status: 429, title: 'Too many requests at once' },
  headers_too_large: { status: 431, title: 'Headers too large' },
  internal_error: { status: 500, title: 'Internal error' },
  not_implemented: { status: 501, title: 'Not implemented' },
  upstream_failed: { status: 502, title: 'Upstream failed' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
  upstream_unavailable: { status: 503, title: 'Upstream unavailable' },
  upstream_timeout: { status: 504, title: 'Upstream took too long' },
  version_unsupported: { status: 505, title: 'HTTP version not supported' },
} as const satisfies Record<string, { status: number; title: string }>

/** A stable, documented reason for refusing. */
export type RefusalCode = keyof typeof REFUSALS

/**
 * A refusal: `detail` and `extra` are shown to the caller, `headers` are added to the response, and `internal`
 * reaches only the log.
 */
export interface Refusal {
  readonly code: RefusalCode
  readonly detail?: string
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly internal?: string
}

/** Makes a {@link Refusal}. */
export function refuse(code: RefusalCode, more?: Omit<Refusal, 'code'>): Refusal {
  return more === undefined ? { code } : { code, ...more }
}

/** An expected outcome that is either a value or a refusal. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal }

/** The successful {@link Outcome}. */
export const succeed = <T>(value: T): Outcome<T> => ({ ok: true, value })

/** The refused {@link Outcome}. */
export const fail = (
  code: RefusalCode,
  more?: Omit<Refusal, 'code'>,
): { readonly ok: false; readonly refusal: Refusal } => ({ ok: false, refusal: refuse(code, more) })
