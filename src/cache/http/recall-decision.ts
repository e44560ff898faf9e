import type { RequestDirectives } from './directives.ts'
import type { Terms } from './terms.ts'
import { currentAgeMs } from './terms.ts'

/** What to do with a request. `forMs` is how much longer the stored response is fresh, negative when stale. */
export type RecallAction =
  /** Answer with the stored response. */
  | { readonly kind: 'serve'; readonly forMs: number }
  /** Answer with the stored response although it is stale, and fetch a new one in the background. */
  | { readonly kind: 'serve-and-refresh'; readonly forMs: number }
  /** Ask the origin whether the stored response is still right. */
  | {
      readonly kind: 'revalidate'
      readonly why: 'stale' | 'request'
      /** May stand in when the origin answers 500, 502, 503 or 504. */
      readonly mayReplaceError: boolean
      /** May stand in when the origin gives no answer at all. */
      readonly mayReplaceSilence: boolean
      readonly forMs: number
    }
  /** Nothing usable is stored. */
  | { readonly kind: 'forward'; readonly why: 'miss' | 'request' }
  /** The request wants a stored response or nothing (504). */
  | { readonly kind: 'unsatisfiable' }

/** Decides what to do with a GET or HEAD request, given the terms of the response stored for it. Pure. */
export function decideRecall(
  request: RequestDirectives,
  stored: Terms | undefined,
  nowMs: number,
): RecallAction {
  if (request.noStore && !request.onlyIfCached) return { kind: 'forward', why: 'request' }
  if (stored === undefined) {
    return request.onlyIfCached ? { kind: 'unsatisfiable' } : { kind: 'forward', why: 'miss' }
  }
  const ageMs = currentAgeMs(stored, nowMs)
  const forMs = stored.lifetimeMs - ageMs
  const staleMs = -forMs
  if (!stored.alwaysAsk && isAcceptable(request, ageMs, forMs)) {
    if (forMs > 0 || mayServeStale(request, stored, staleMs)) return { kind: 'serve', forMs }
    const minds = request.maxAgeS !== undefined || request.minFreshS !== undefined
    if (!minds && staleMs < stored.staleWhileRevalidateMs) {
      return { kind: 'serve-and-refresh', forMs }
    }
  }
  if (request.onlyIfCached) return { kind: 'unsatisfiable' }
  return {
    kind: 'revalidate',
    why: forMs > 0 && !stored.alwaysAsk ? 'request' : 'stale',
    ...standIn(request, stored, staleMs),
    forMs,
  }
}

/** Whether the request accepts a stored response of this age, that is, asks for nothing newer (§5.2.1). */
function isAcceptable(request: RequestDirectives, ageMs: number, forMs: number): boolean {
  const { noCache, maxAgeS, minFreshS } = request
  if (noCache || maxAgeS === 0) return false
  if (maxAgeS !== undefined && ageMs > maxAgeS * 1000) return false
  return minFreshS === undefined || forMs >= minFreshS * 1000
}

const mayServeStale = (request: RequestDirectives, stored: Terms, staleMs: number): boolean =>
  request.maxStaleS !== undefined && !stored.neverStale && staleMs <= request.maxStaleS * 1000

/** Whether the stored response may be used when asking the origin fails (§4.2.4, RFC 5861 §4). */
function standIn(
  request: RequestDirectives,
  stored: Terms,
  staleMs: number,
): { readonly mayReplaceError: boolean; readonly mayReplaceSilence: boolean } {
  if (stored.alwaysAsk || request.noCache) {
    return { mayReplaceError: false, mayReplaceSilence: false }
  }
  const byRequestMs = stored.neverStale ? 0 : (request.staleIfErrorS ?? 0) * 1000
  const allowedMs = Math.max(stored.staleIfErrorMs, byRequestMs)
  const mayReplaceError = allowedMs > 0 && staleMs < allowedMs
  return { mayReplaceError, mayReplaceSilence: mayReplaceError || staleMs < stored.disconnectedMs }
}
