import type { Json } from '../core/index.ts'

/** Headers whose values are harmless; every other value may be a secret and is hidden. */
const HARMLESS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'host',
  'user-agent',
])
/** What stands in a record in place of a secret. */
export const HIDDEN = '…'

const hide = <Value extends Json>(name: string, value: Value): Value | string =>
  HARMLESS.has(name.toLowerCase()) ? value : HIDDEN

/**
 * A copy with the values of headers hidden: everything in a member `header` or `headers`, as an
 * object or as pairs. Records are stored and shown to others.
 */
export function redactHeaders(value: Json): Json {
  if (Array.isArray(value)) return value.map(redactHeaders)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      /^headers?$/i.test(name) ? redactMember(member) : redactHeaders(member),
    ]),
  )
}

function redactMember(member: Json): Json {
  if (Array.isArray(member)) {
    return member.map((item: Json) => (Array.isArray(item) ? redactPair(item) : redactMember(item)))
  }
  if (member === null || typeof member !== 'object') {
    return typeof member === 'string' ? redactLine(member) : member
  }
  return Object.fromEntries(
    Object.entries(member).map(([name, value]) => [name, hide(name, value)]),
  )
}

const redactPair = ([name, value]: readonly Json[]): Json =>
  typeof name === 'string' && value !== undefined ? [name, hide(name, value)] : HIDDEN

/** `Name: value` with the value hidden. */
export function redactLine(line: string): string {
  const [name = '', ...value] = line.split(':')
  return `${name}: ${hide(name.trim(), value.join(':').trim())}`
}
