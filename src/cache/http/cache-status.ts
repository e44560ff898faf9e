/** What became of a request (RFC 9211). */
export interface CacheStatus {
  /** Answered with what was stored, without going forward or waiting for a request that did. */
  readonly hit: boolean
  /** Why the request went to the origin, or waited for one that did; absent for a hit. */
  readonly fwd?:
    | 'bypass'
    | 'method'
    | 'uri-miss'
    | 'vary-miss'
    | 'miss'
    | 'request'
    | 'stale'
    | 'partial'
  /** The origin's status, where it is not that of the answer. */
  readonly fwdStatus?: number
  /** Remaining freshness in seconds; negative when stale. */
  readonly ttlS?: number
  /** Whether the answer was stored. */
  readonly stored?: boolean
  /** Whether it waited for another request, and was answered with what that one brought. */
  readonly collapsed?: boolean
  /** More, in words of a token: why it was not stored, for instance. */
  readonly detail?: string
}

/** Writes this cache's member of a Cache-Status field, after the members of caches before it. */
export function cacheStatus(status: CacheStatus, before: string | null = null): string {
  let text = before === null || before === '' ? 'Tollgate' : `${before}, Tollgate`
  if (status.hit) text += '; hit'
  if (status.fwd !== undefined) text += `; fwd=${status.fwd}`
  if (status.fwdStatus !== undefined) text += `; fwd-status=${status.fwdStatus}`
  if (status.ttlS !== undefined) text += `; ttl=${Math.trunc(status.ttlS)}`
  if (status.stored === true) text += '; stored'
  if (status.collapsed === true) text += '; collapsed'
  if (status.detail !== undefined) text += `; detail=${status.detail}`
  return text
}
