import type { ExchangeTimes } from './age.ts'
import type { ResponseDirectives } from './directives.ts'
import { requestDirectives, responseDirectives } from './directives.ts'
import type { FieldReader } from './fields.ts'
import { HEURISTIC_STATUSES, UNDERSTOOD_STATUSES } from './statuses.ts'
import type { Terms, TermsOptions } from './terms.ts'
import { explicitLifetimeMs, termsOf } from './terms.ts'
import { isWrittenByGate, varyNames } from './vary.ts'

/** Why a response is not stored, and in what words it is explained. */
export const REASONS_NOT_TO_STORE = {
  method: 'the method is not GET',
  'request-no-store': 'the request says no-store',
  partial: 'it is a part of the content whose place is not known, or not final',
  'range-error': 'it is an error, and may be one for the range alone that was asked for',
  'no-store': 'the response says no-store',
  'not-understood': 'it says must-understand, and the status is not known',
  private: 'the response says private',
  credentials:
    'the request had credentials, the key is shared, and the response does not say public, s-maxage or must-revalidate',
  cookie:
    'the request had cookies that the upstream saw, the key is shared, and the response does not say public or s-maxage',
  'set-cookie': 'the response sets a cookie',
  vary: 'it varies on * or on what is no field name',
  'vary-gate': 'it varies on a field that the gate writes, and the key is shared',
  'no-freshness': 'it says neither how long it stays fresh nor no-cache, and heuristics are off',
  'not-reusable':
    'it is stale from the start, may not stand in, and there is nothing to revalidate it by',
  'surrogate-keys': 'it names too many surrogate keys, or one that is too long',
  'too-large': 'the body is larger than the bound',
  incomplete: 'the body broke off',
  overtaken: 'an invalidation overtook it',
  refused: 'there was no room for it',
} as const satisfies Record<string, string>

/** A key of {@link REASONS_NOT_TO_STORE}. */
export type NotStored = keyof typeof REASONS_NOT_TO_STORE

/** What has to be known about a request to judge its response. */
export interface AskedRequest {
  readonly method: string
  readonly fields: FieldReader
  /** Whether it carried credentials, of whatever kind, Authorization included. */
  readonly hasCredentials: boolean
  /** Whether cookies reached the upstream. */
  readonly hasCookies: boolean
  /** Whether the key holds the caller, so that nobody else is answered from it. */
  readonly keyHoldsCaller: boolean
}

/** The head of a response. */
export interface ResponseHead {
  readonly status: number
  readonly fields: FieldReader
  /** For a 206: whether it is known where its content belongs. */
  readonly isKnownPart?: boolean
}

/** How a cache judges responses. */
export interface StoreOptions extends TermsOptions {
  /** Targeted fields in order (RFC 9213). */
  readonly targeted: readonly string[]
  /** Whether Cache-Control of requests counts (RFC 9111 §5.2.1). */
  readonly honorsRequests: boolean
  /** Store responses that set cookies: off, for a cookie replayed to others can be a session. */
  readonly storesSetCookie: boolean
}

/** The terms on which a response is stored, or why it is not. */
export type StoreDecision =
  | {
      readonly store: true
      readonly terms: Terms
      readonly directives: ResponseDirectives
      readonly varyNames: readonly string[]
    }
  | { readonly store: false; readonly reason: NotStored; readonly terms?: Terms }

/**
 * Whether a request shows who asks while its key is everybody's. An answer to it that may not be stored is for that
 * one alone: it says nothing of what others are answered with. Else anybody could empty the cache by credentials
 * that he made up.
 */
export const isOnesOwn = ({ hasCredentials, hasCookies, keyHoldsCaller }: AskedRequest): boolean =>
  !keyHoldsCaller && (hasCredentials || hasCookies)

/** Judges a response by RFC 9111 §3. Pure. */
export function decideStore(
  request: AskedRequest,
  response: ResponseHead,
  times: ExchangeTimes,
  options: StoreOptions,
): StoreDecision {
  const { status, fields } = response
  const directives = responseDirectives(fields, options.targeted)
  const names = varyNames(fields.get('vary'))
  const reason =
    reasonInRequest(request, status, options) ??
    reasonInDirectives(response, directives) ??
    reasonInSharing(request, directives) ??
    reasonInFields(request, fields, names, directives, options)
  if (reason !== undefined) return { store: false, reason }
  const isUsual = HEURISTIC_STATUSES.has(status)
  const heuristics = options.heuristicShare > 0 && (isUsual || directives.isPublic)
  const explicitMs = explicitLifetimeMs(fields, directives, times.responseMs)
  const asksAlways = directives.noCache && isUsual
  const isExplicit = explicitMs !== undefined || asksAlways || directives.isPublic
  if (!isExplicit && !heuristics) return { store: false, reason: 'no-freshness' }
  const terms = termsOf(fields, directives, times, options, heuristics)
  if (!isReusable(terms, fields)) return { store: false, reason: 'not-reusable', terms }
  return { store: true, terms, directives, varyNames: names === '*' ? [] : names }
}

/** The key does not hold the range, so an error caused by the range would answer requests without one. */
function reasonInRequest(
  { method, fields }: AskedRequest,
  status: number,
  { honorsRequests }: StoreOptions,
): NotStored | undefined {
  if (method !== 'GET') return 'method'
  if (status >= 400 && fields.get('range') !== null) return 'range-error'
  return honorsRequests && requestDirectives(fields).noStore ? 'request-no-store' : undefined
}

function reasonInDirectives(
  { status, isKnownPart }: ResponseHead,
  directives: ResponseDirectives,
): NotStored | undefined {
  if (status < 200 || (status === 206 && isKnownPart !== true) || status === 304) return 'partial'
  const understood = UNDERSTOOD_STATUSES.has(status)
  if (directives.mustUnderstand && !understood) return 'not-understood'
  // §5.2.2.3: with must-understand, no-store is for caches that do not know the directive or status.
  if (directives.noStore && !directives.mustUnderstand) return 'no-store'
  return directives.isPrivate ? 'private' : undefined
}

/** §3.5, for every kind of credential: only what says that it may be shared is. */
function reasonInSharing(
  request: AskedRequest,
  { isPublic, sMaxAgeS, mustRevalidate }: ResponseDirectives,
): NotStored | undefined {
  if (request.keyHoldsCaller || isPublic || sMaxAgeS !== undefined) return undefined
  if (request.hasCookies) return 'cookie'
  return request.hasCredentials && !mustRevalidate ? 'credentials' : undefined
}

function reasonInFields(
  request: AskedRequest,
  fields: FieldReader,
  names: readonly string[] | '*',
  { privateFields, noCacheFields }: ResponseDirectives,
  options: StoreOptions,
): NotStored | undefined {
  const setsCookie = fields.get('set-cookie') !== null
  // §5.2.2.4, §5.2.2.7: fields that are named there are not stored with the rest.
  const leavesCookieOut = [...privateFields, ...noCacheFields].includes('set-cookie')
  if (setsCookie && !options.storesSetCookie && !leavesCookieOut) return 'set-cookie'
  if (names === '*') return 'vary'
  const variesOnGate = names.some((name) => isWrittenByGate(name))
  return variesOnGate && !request.keyHoldsCaller ? 'vary-gate' : undefined
}

/**
 * Whether it can ever answer a request: fresh, allowed to be stale, or to be revalidated. One that is past its
 * lifetime when it comes (some origins write Date late) may stand in for silence like any other. One that never
 * had a lifetime is not kept for that alone.
 */
function isReusable(terms: Terms, fields: FieldReader): boolean {
  if (fields.get('etag') !== null || fields.get('last-modified') !== null) return true
  if (terms.alwaysAsk) return false
  const standsInMs = terms.lifetimeMs > 0 ? terms.disconnectedMs : 0
  const usableMs = Math.max(terms.staleWhileRevalidateMs, terms.staleIfErrorMs, standsInMs)
  return terms.lifetimeMs + usableMs > terms.ageMs
}
