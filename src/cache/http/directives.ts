import type { Argument, Directives } from './cache-control.ts'
import { deltaSeconds, parseCacheControl } from './cache-control.ts'
import type { FieldReader } from './fields.ts'
import { isToken, listOf } from './fields.ts'
import type { MemberValue } from './structured-dictionary.ts'
import { parseDictionary } from './structured-dictionary.ts'

/** What a response says about caching (RFC 9111 §5.2.2, RFC 5861). Durations in seconds. */
export interface ResponseDirectives {
  /** The field they were read from: `cache-control`, or a targeted one (RFC 9213). */
  readonly source: string
  readonly noStore: boolean
  /** `no-cache` without field names: never to be used without asking the origin. */
  readonly noCache: boolean
  /** Fields that may not be used without asking the origin. */
  readonly noCacheFields: readonly string[]
  /** `private` without field names: not for a shared cache. */
  readonly isPrivate: boolean
  /** Fields that are not for a shared cache. */
  readonly privateFields: readonly string[]
  readonly isPublic: boolean
  readonly mustRevalidate: boolean
  readonly proxyRevalidate: boolean
  readonly mustUnderstand: boolean
  readonly noTransform: boolean
  /** 0, which means stale, when it is malformed or occurs several times with different values (§4.2.1). */
  readonly maxAgeS: number | undefined
  readonly sMaxAgeS: number | undefined
  readonly staleWhileRevalidateS: number | undefined
  readonly staleIfErrorS: number | undefined
}

/** Fields with directives for certain caches; the first that is present and well-formed wins (RFC 9213 §2.1). */
export const TARGETED_FIELDS: readonly string[] = ['tollgate-cache-control', 'cdn-cache-control']

/** The directives that are in force for this cache. */
export function responseDirectives(
  fields: FieldReader,
  targeted: readonly string[] = TARGETED_FIELDS,
): ResponseDirectives {
  for (const name of targeted) {
    const value = fields.get(name)
    const directives = value === null ? undefined : fromTargeted(value)
    if (directives !== undefined) return describe(name, directives)
  }
  return describe('cache-control', parseCacheControl(fields.get('cache-control')))
}

function describe(source: string, directives: Directives): ResponseDirectives {
  const noCacheFields = namesOf(directives.get('no-cache'))
  const privateFields = namesOf(directives.get('private'))
  return {
    source,
    noStore: directives.has('no-store'),
    noCache: directives.has('no-cache') && noCacheFields === undefined,
    noCacheFields: noCacheFields ?? [],
    isPrivate: directives.has('private') && privateFields === undefined,
    privateFields: privateFields ?? [],
    isPublic: isGranted(directives.get('public')),
    mustRevalidate: directives.has('must-revalidate'),
    proxyRevalidate: directives.has('proxy-revalidate'),
    mustUnderstand: isGranted(directives.get('must-understand')),
    noTransform: directives.has('no-transform'),
    maxAgeS: lifetimeOf(directives.get('max-age')),
    sMaxAgeS: lifetimeOf(directives.get('s-maxage')),
    staleWhileRevalidateS: secondsOf(directives.get('stale-while-revalidate')),
    staleIfErrorS: secondsOf(directives.get('stale-if-error')),
  }
}

/** Whether a permission is given: a malformed directive may forbid something, but never allows anything. */
const isGranted = (values: readonly Argument[] | undefined): boolean =>
  values?.includes(undefined) === false

/** Field names in arguments; `undefined` when one of them means the response as a whole, or is no name. */
function namesOf(values: readonly Argument[] | undefined): readonly string[] | undefined {
  if (values === undefined) return undefined
  const names: string[] = []
  for (const value of values) {
    const listed = typeof value === 'string' ? listOf(value) : []
    if (listed.length === 0 || !listed.every(isToken)) return undefined
    names.push(...listed)
  }
  return names
}

function lifetimeOf(values: readonly Argument[] | undefined): number | undefined {
  if (values === undefined) return undefined
  const seconds = values.map(deltaSeconds)
  const [first = 0] = seconds
  return seconds.every((each) => each === first) ? first : 0
}

function secondsOf(values: readonly Argument[] | undefined): number | undefined {
  if (values === undefined) return undefined
  const seconds = values.map((value) => deltaSeconds(value) ?? 0)
  return Math.min(...seconds)
}

const LIFETIMES = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'])
const FIELD_LISTS = new Set(['no-cache', 'private'])
const FLAGS = new Set([
  'no-store',
  'public',
  'must-revalidate',
  'proxy-revalidate',
  'must-understand',
  'no-transform',
])

/** `undefined` when the field is empty, malformed, or has a value of the wrong type: it is ignored then. */
function fromTargeted(value: string): Directives | undefined {
  const members = parseDictionary(value)
  if (members === undefined || members.size === 0) return undefined
  const directives = new Map<string, readonly Argument[]>()
  for (const [name, member] of members) {
    const argument = argumentOf(name, member)
    if (argument === undefined) return undefined
    if (argument !== false) directives.set(name, [argument])
  }
  return directives
}

/** The member as an argument; `false` when it says nothing here, `undefined` for the wrong type. */
function argumentOf(name: string, member: MemberValue): string | boolean | undefined {
  if (LIFETIMES.has(name)) {
    return member.type === 'integer' && member.value >= 0 ? String(member.value) : undefined
  }
  if (FIELD_LISTS.has(name) && member.type === 'string') return member.value
  if (FIELD_LISTS.has(name) || FLAGS.has(name)) {
    return member.type === 'boolean' ? member.value : undefined
  }
  return false
}

/** What a request asks of caches (RFC 9111 §5.2.1, RFC 5861 §4). Durations in seconds. */
export interface RequestDirectives {
  readonly noStore: boolean
  readonly noCache: boolean
  readonly onlyIfCached: boolean
  readonly maxAgeS: number | undefined
  readonly minFreshS: number | undefined
  /** `Infinity` when any staleness is accepted. */
  readonly maxStaleS: number | undefined
  readonly staleIfErrorS: number | undefined
}

/** What a request without directives asks. */
export const ASKS_NOTHING: RequestDirectives = {
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  maxAgeS: undefined,
  minFreshS: undefined,
  maxStaleS: undefined,
  staleIfErrorS: undefined,
}

/** Reads Cache-Control of a request, or Pragma where there is none (RFC 9111 §5.4). */
export function requestDirectives(fields: FieldReader): RequestDirectives {
  const value = fields.get('cache-control')
  if (value === null) {
    const pragma = fields.get('pragma')
    if (pragma === null) return ASKS_NOTHING
    return { ...ASKS_NOTHING, noCache: listOf(pragma).includes('no-cache') }
  }
  const directives = parseCacheControl(value)
  const maxStale = directives.get('max-stale')
  return {
    noStore: directives.has('no-store'),
    noCache: directives.has('no-cache'),
    onlyIfCached: directives.has('only-if-cached'),
    maxAgeS: lifetimeOf(directives.get('max-age')),
    minFreshS: secondsOf(directives.get('min-fresh')),
    maxStaleS: maxStale?.[0] === true ? Infinity : secondsOf(maxStale),
    staleIfErrorS: secondsOf(directives.get('stale-if-error')),
  }
}
