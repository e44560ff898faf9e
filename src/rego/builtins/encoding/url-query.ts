import { compareStrings, isArray, objectEntries, RSet, setOwn } from '../../values/index.ts'
import type { PlainObject, RObj, Value } from '../../values/index.ts'
import { operandError } from '../operands.ts'
import { BuiltinError } from '../types.ts'
import { utf8Bytes, utf8Text } from './text-bytes.ts'

/** Escapes a query component: a space becomes `+`. */
export function escapeQuery(text: string): string {
  return Array.from(utf8Bytes(text), (byte) => {
    const character = String.fromCharCode(byte)
    if (/[A-Za-z0-9\-_.~]/.test(character)) return character
    return character === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}

/** Undoes percent-encoding; `plus` also turns `+` into a space. */
export function unescapePercent(text: string, plus: boolean): string {
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/su.exec(text)
  if (wrong !== null) throw new BuiltinError(`invalid URL escape "${wrong[0]}"`)
  const spaced = plus ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  const bytes: number[] = []
  for (const part of spaced.split(/(%[0-9a-fA-F]{2})/)) {
    if (/^%[0-9a-fA-F]{2}$/.test(part)) bytes.push(parseInt(part.slice(1), 16))
    else bytes.push(...utf8Bytes(part))
  }
  return utf8Text(Uint8Array.from(bytes))
}

/** Reads a query string to an object of arrays. */
export function parseQuery(text: string): Value {
  const query: { [key: string]: Value[] } = {}
  for (const pair of text.split('&')) {
    if (pair.includes(';')) throw new BuiltinError('invalid semicolon separator in query')
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const key = unescapePercent(equals < 0 ? pair : pair.slice(0, equals), true)
    const value = unescapePercent(equals < 0 ? '' : pair.slice(equals + 1), true)
    if (Object.hasOwn(query, key)) query[key]!.push(value)
    else setOwn(query, key, [value])
  }
  return query
}

/** Writes an object of strings, or arrays or sets of strings, as a query string; keys in order. */
export function encodeQuery(object: PlainObject | RObj): string {
  const entries = [...objectEntries(object)].map(([key, value]): [string, readonly string[]] => {
    if (typeof key !== 'string')
      throw operandError(0, 'values must be string, array[string], or set[string]')
    return [key, stringsWithin(value)]
  })
  return entries
    .sort((a, b) => compareStrings(a[0], b[0]))
    .flatMap(([key, values]) => values.map((value) => `${escapeQuery(key)}=${escapeQuery(value)}`))
    .join('&')
}

function stringsWithin(value: Value): readonly string[] {
  if (typeof value === 'string') return [value]
  const items = isArray(value) ? value : value instanceof RSet ? value.values() : [null]
  return items.map((item) => {
    if (typeof item !== 'string')
      throw operandError(0, 'values must be string, array[string], or set[string]')
    return item
  })
}
