import { sha256 } from '../../core/digest.ts'
import { toBase64Url } from '../../core/bytes.ts'
import type { FieldReader } from './fields.ts'
import { isToken, listOf } from './fields.ts'

/** What a response varies on: field names, sorted; `*` when it cannot be told (RFC 9110 §12.5.5). */
export type VaryNames = readonly string[] | '*'

/**
 * The names in a Vary field. A member that is not a field name makes it `*`, because nobody can say what was meant.
 */
export function varyNames(value: string | null): VaryNames {
  const names = new Set(listOf(value))
  if (names.has('*') || [...names].some((name) => !isToken(name))) return '*'
  return [...names].toSorted()
}

/**
 * Fields that the gate itself writes into requests. Whatever the client sent in them is not what the upstream saw, so a
 * response that varies on one of them cannot be matched with a request.
 */
const WRITTEN_BY_GATE = new Set(['forwarded', 'via', 'x-real-ip', 'x-request-id', 'traceparent'])
const WRITTEN_BY_GATE_PREFIXES = ['x-tollgate', 'x-forwarded'] as const

/** Whether the gate itself writes the request field `name`. */
export const isWrittenByGate = (name: string): boolean =>
  WRITTEN_BY_GATE.has(name) || WRITTEN_BY_GATE_PREFIXES.some((prefix) => name.startsWith(prefix))

/**
 * The values of the selecting fields of a request, in the order of `names`, normalized so that requests that mean the
 * same select the same (RFC 9111 §4.1). Credentials and long values are replaced by digests, because a key is no place
 * for a secret.
 */
export function selectingValues(names: readonly string[], request: FieldReader): readonly string[] {
  return names.map((name) => {
    const value = request.get(name)
    if (value === null) return ''
    const normalized = normalize(name, value)
    const hides = SECRET.has(name) || normalized.length > CLEARTEXT_CHARACTERS_MAX
    return hides ? `#${toBase64Url(sha256(normalized))}` : `=${normalized}`
  })
}

const SECRET = new Set(['authorization', 'cookie', 'x-api-key', 'proxy-authorization'])
const CLEARTEXT_CHARACTERS_MAX = 128

/** Negotiation fields: the names in them are case-insensitive, and order has no meaning without weights. */
const UNORDERED = new Set(['accept-encoding', 'accept-language', 'accept-charset'])

function normalize(name: string, value: string): string {
  if (SECRET.has(name)) return value.trim()
  if (UNORDERED.has(name)) {
    return [...new Set(listOf(value).map((member) => member.replaceAll(/\s+/g, '')))]
      .toSorted()
      .join(',')
  }
  // Whitespace around commas has no meaning in lists, but within quotes it may.
  return value.includes('"') ? value.trim() : value.trim().replaceAll(/[ \t]*,[ \t]*/g, ',')
}

/**
 * The language that an Accept-Language field gives a greater weight than any other, lowercase;
 * `undefined` when there is no such, or a weight is malformed.
 */
export function favoriteLanguage(value: string | null): string | undefined {
  let best: string | undefined
  let bestWeight = 0
  for (const member of listOf(value)) {
    const [range = '', parameter, ...more] = member.split(';').map((part) => part.trim())
    const weight = parameter === undefined ? 1 : weightOf(parameter)
    if (weight === undefined || more.length > 0) return undefined
    if (weight === bestWeight) best = undefined
    if (weight <= bestWeight) continue
    best = range
    bestWeight = weight
  }
  return best === '*' ? undefined : best
}

/** RFC 9110 §12.4.2. */
const weightOf = (parameter: string): number | undefined =>
  /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(parameter) ? Number(parameter.slice(2)) : undefined
