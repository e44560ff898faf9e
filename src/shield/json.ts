import { fromUtf8 } from '../core/bytes.ts'
import type { Outcome } from '../core/refusal.ts'
import { fail, succeed } from '../core/refusal.ts'
import { hasDuplicateKey } from './json-keys.ts'

/** Bounds of {@link readJson}. */
export interface JsonBounds {
  /** How deeply arrays and objects may be nested. */
  readonly depthMax: number
}

// With the `u` flag, the halves of a surrogate pair do not match.
const LONE_SURROGATE = /\p{Surrogate}/u

const COLON = 0x3a
/** Up to this length in characters, a loop over the text is faster than a search. */
const SHORT_TEXT = 512

const TOO_DEEP = -1
const KEY_FORBIDDEN = -2
const NUMBER_OUT_OF_RANGE = -3

const PROBLEMS: Readonly<Record<number, string>> = {
  [TOO_DEEP]: 'The JSON is nested too deeply.',
  [KEY_FORBIDDEN]: 'Names __proto__, constructor and prototype are not accepted.',
  [NUMBER_OUT_OF_RANGE]: 'A number is out of range.',
}

/**
 * Parses JSON so strictly that every other parser reads the same (RFC 8259, RFC 7493): valid UTF-8 without a byte order
 * mark, no duplicate names in an object, no lone surrogates, no number beyond the range of a double, bounded nesting,
 * and no names that reach an object's prototype. The reader of the body bounds its size.
 */
export function readJson(body: Uint8Array | string, bounds: JsonBounds): Outcome<unknown> {
  const text = typeof body === 'string' ? body : decode(body)
  if (text === undefined) return invalid('The body is not valid UTF-8.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return invalid('The body is not valid JSON.')
  }
  const names = countNames(value, bounds.depthMax)
  if (names < 0) return invalid(PROBLEMS[names] ?? '')
  // Each member has a colon: if there are as many colons as distinct names, no name is duplicated. More colons may be
  // part of strings, and only then is a closer look worthwhile.
  if (countColons(text) !== names && hasDuplicateKey(text)) {
    return invalid('An object has the same name twice.')
  }
  if (text.includes('\\u') && !isWellFormed(value)) {
    return invalid('A string holds half a surrogate pair.')
  }
  return succeed(value)
}

const invalid = (detail: string): Outcome<never> => fail('json_invalid', { detail })

function decode(bytes: Uint8Array): string | undefined {
  const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return hasByteOrderMark ? undefined : fromUtf8(bytes)
}

/** The number of distinct names in all objects within `value`, or the rule that it breaks, as a negative number. */
function countNames(value: unknown, room: number): number {
  if (typeof value === 'number') return Number.isFinite(value) ? 0 : NUMBER_OUT_OF_RANGE
  if (typeof value !== 'object' || value === null) return 0
  if (room === 0) return TOO_DEEP
  let names = 0
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    for (let index = 0; index < items.length; index++) {
      const within = countNames(items[index], room - 1)
      if (within < 0) return within
      names += within
    }
    return names
  }
  const members = value as Readonly<Record<string, unknown>>
  // Parsed objects inherit nothing enumerable, so this visits their own names only.
  // oxlint-disable-next-line guard-for-in
  for (const name in members) {
    if (isForbiddenName(name)) return KEY_FORBIDDEN
    const within = countNames(members[name], room - 1)
    if (within < 0) return within
    names += within + 1
  }
  return names
}

/** Names by which careless code reaches an object's prototype. */
export function isForbiddenName(name: string): boolean {
  const length = name.length
  if (length === 9) return name === '__proto__' || name === 'prototype'
  return length === 11 && name === 'constructor'
}

function countColons(text: string): number {
  let count = 0
  if (text.length <= SHORT_TEXT) {
    for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) === COLON) count++
  } else for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) count++
  return count
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return !LONE_SURROGATE.test(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(
    ([name, within]) => !LONE_SURROGATE.test(name) && isWellFormed(within),
  )
}
