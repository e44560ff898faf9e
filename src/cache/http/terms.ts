import type { ExchangeTimes } from './age.ts'
import { dateOf, initialAgeMs } from './age.ts'
import type { ResponseDirectives } from './directives.ts'
import type { FieldReader } from './fields.ts'
import { parseHttpDate } from './http-date.ts'

/** How long a stored response may be used, and on which conditions. Worked out once, when it is stored. */
export interface Terms {
  /** Wall clock at its arrival, milliseconds. */
  readonly storedMs: number
  /** How old it was at its arrival. */
  readonly ageMs: number
  /** How old it may become and still be fresh. */
  readonly lifetimeMs: number
  /** Never used without asking the origin (`no-cache`). */
  readonly alwaysAsk: boolean
  /** Staleness is prohibited, even to clients that would accept it. */
  readonly neverStale: boolean
  /** RFC 5861 §3: how long it may be used beyond its lifetime while a new one is fetched. */
  readonly staleWhileRevalidateMs: number
  /** RFC 5861 §4: how long beyond its lifetime it may stand in for an error. */
  readonly staleIfErrorMs: number
  /** How long beyond its lifetime it may be used when the origin cannot be reached (§4.2.4). */
  readonly disconnectedMs: number
}

/** Whether it may not be used without asking the origin, once it is stale or at all. */
export const forbidsStale = ({ alwaysAsk, neverStale }: Terms): boolean => alwaysAsk || neverStale

/** What decides the terms besides the response itself. */
export interface TermsOptions {
  /** Share of the time since Last-Modified that counts as lifetime where none is given; 0 for none. */
  readonly heuristicShare: number
  /** Upper bound of such a lifetime, in milliseconds. */
  readonly heuristicMaxMs: number
  /** How stale a response may be while the origin cannot be reached, unless the response says otherwise. */
  readonly disconnectedMs: number
}

/** Works out {@link Terms} (RFC 9111 §4.2). */
export function termsOf(
  fields: FieldReader,
  directives: ResponseDirectives,
  times: ExchangeTimes,
  options: TermsOptions,
  heuristicsAllowed: boolean,
): Terms {
  const explicitMs = explicitLifetimeMs(fields, directives, times.responseMs)
  const guess = explicitMs === undefined && heuristicsAllowed
  const lifetimeMs = explicitMs ?? (guess ? heuristicLifetimeMs(fields, times, options) : 0)
  const forbidden = directives.mustRevalidate || directives.proxyRevalidate || directives.noCache
  // RFC 9111 §5.2.2.10: s-maxage implies proxy-revalidate, except for what the same response explicitly allows.
  const neverStale = forbidden || directives.sMaxAgeS !== undefined
  const allowed = (seconds: number | undefined): number => (forbidden ? 0 : (seconds ?? 0) * 1000)
  return {
    storedMs: times.responseMs,
    ageMs: initialAgeMs(fields, times),
    lifetimeMs,
    alwaysAsk: directives.noCache,
    neverStale,
    staleWhileRevalidateMs: allowed(directives.staleWhileRevalidateS),
    staleIfErrorMs: allowed(directives.staleIfErrorS),
    disconnectedMs: neverStale ? 0 : options.disconnectedMs,
  }
}

/**
 * The lifetime that a response states (§4.2.1): s-maxage, or else max-age, or else Expires minus Date. If there is a
 * targeted field, only that counts (RFC 9213 §2.1). `undefined` when no lifetime is stated.
 */
export function explicitLifetimeMs(
  fields: FieldReader,
  directives: ResponseDirectives,
  arrivalMs: number,
): number | undefined {
  const seconds = directives.sMaxAgeS ?? directives.maxAgeS
  if (seconds !== undefined) return seconds * 1000
  if (directives.source !== 'cache-control') return undefined
  const expires = fields.get('expires')
  if (expires === null) return undefined
  const atMs = parseHttpDate(expires, arrivalMs)
  return atMs === undefined ? 0 : Math.max(0, atMs - dateOf(fields, arrivalMs))
}

/** Whether a response states a lifetime, however short. */
export const statesLifetime = (
  fields: FieldReader,
  { source, maxAgeS, sMaxAgeS }: ResponseDirectives,
): boolean =>
  sMaxAgeS !== undefined ||
  maxAgeS !== undefined ||
  (source === 'cache-control' && fields.get('expires') !== null)

/** §4.2.2: a share of the time for which the content had not changed. */
function heuristicLifetimeMs(
  fields: FieldReader,
  { responseMs }: ExchangeTimes,
  { heuristicShare, heuristicMaxMs }: TermsOptions,
): number {
  const text = fields.get('last-modified')
  const modifiedMs = text === null ? undefined : parseHttpDate(text, responseMs)
  if (modifiedMs === undefined) return 0
  const unchangedMs = Math.max(0, dateOf(fields, responseMs) - modifiedMs)
  return Math.min(unchangedMs * heuristicShare, heuristicMaxMs)
}

/** How old a stored response is now; a clock set back does not make it younger than at its arrival. */
export const currentAgeMs = (terms: Terms, nowMs: number): number =>
  terms.ageMs + Math.max(0, nowMs - terms.storedMs)
