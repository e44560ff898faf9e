import { responseDirectives } from './directives.ts'
import type { FieldReader } from './fields.ts'
import { statesLifetime } from './terms.ts'

/** What identifies a resource here: where it lives, and its path with the query. */
export interface ResourceUrl {
  /** Host with a port that is not the default, lowercase. */
  readonly host: string
  /** Canonical path and query. */
  readonly target: string
}

/** Safe methods (RFC 9110 §9.2.1; WebDAV's by RFC 4918, 3253 and 5323): they invalidate nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])

/** Whether a method may change something. */
export const isUnsafe = (method: string): boolean => !SAFE.has(method)

/**
 * The resources whose stored responses become invalid through a response to an unsafe method (RFC 9111 §4.4): its own,
 * and those in Location and Content-Location if they are of the same origin, so that nobody can empty the cache for
 * others. None when the response is an error.
 */
export function invalidatedBy(
  method: string,
  url: ResourceUrl,
  response: { readonly status: number; readonly fields: FieldReader },
): readonly ResourceUrl[] {
  const { status, fields } = response
  if (!isUnsafe(method) || status < 200 || status >= 400) return []
  const found = [url]
  for (const name of ['location', 'content-location']) {
    const other = resolve(fields.get(name), url)
    if (other !== undefined && !found.some(({ target }) => target === other.target))
      found.push(other)
  }
  return found
}

/** A reference within the same origin, resolved; `undefined` for any other. */
function resolve(reference: string | null, base: ResourceUrl): ResourceUrl | undefined {
  if (reference === null) return undefined
  const from = `http://${base.host}${base.target}`
  if (!URL.canParse(reference, from)) return undefined
  const url = new URL(reference, from)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  const isSame = hostOf(url) === base.host
  return isSame ? { host: base.host, target: url.pathname + url.search } : undefined
}

/** RFC 9110 §4.2.3: a default port means the same as none. */
const hostOf = (url: URL): string => url.host.replace(/:(?:80|443)$/, '')

/** Host of a request, normalized for comparison. */
export const normalizeHost = (host: string): string =>
  /[A-Z:]/.test(host) ? host.toLowerCase().replace(/:(?:80|443)$/, '') : host

/**
 * Whether a response to POST says that it is what GET would now return, and explicitly for how long (RFC 9110 §9.3.3).
 * It may then be stored for GET.
 */
export const standsForGet = (
  method: string,
  url: ResourceUrl,
  { status, fields }: { readonly status: number; readonly fields: FieldReader },
  targeted: readonly string[],
): boolean =>
  method === 'POST' &&
  status === 200 &&
  resolve(fields.get('content-location'), url)?.target === url.target &&
  statesLifetime(fields, responseDirectives(fields, targeted))
