import { numberText, RBig } from './decimal.ts'
import { quoteString } from './quote.ts'
import { compareStrings, isArray, RObj, RSet, sortedEntries } from './value.ts'
import type { Value } from './value.ts'

/** Options of {@link stringifyJson}. */
export interface JsonOptions {
  /** Indentation of one level; absent: everything is on one line, without spaces. */
  readonly indent?: string
  /** Prefix of every line after the first, used together with `indent`. */
  readonly prefix?: string
  /** Write `<`, `>`, `&`, U+2028 and U+2029 as escapes, as Go's encoder does. Default false. */
  readonly escapeHtml?: boolean
}

/** A value in Rego's syntax, as OPA prints it: `{"a": [1, 2], 3: {"x"}}`, the empty set as `set()`. */
export function toTermText(value: Value): string {
  if (typeof value === 'string') return quoteString(value)
  if (typeof value === 'number' || value instanceof RBig) return numberText(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (isArray(value)) return `[${value.map(toTermText).join(', ')}]`
  if (value instanceof RSet) {
    return value.size === 0 ? 'set()' : `{${value.values().map(toTermText).join(', ')}}`
  }
  const entries = sortedEntries(value).map(
    ([key, item]) => `${toTermText(key)}: ${toTermText(item)}`,
  )
  return `{${entries.join(', ')}}`
}

/**
 * A value as JSON text, with as little loss as possible: big numbers in full, sets as sorted arrays, keys that are not
 * strings as their JSON text, keys sorted.
 */
export function stringifyJson(value: Value, options: JsonOptions = {}): string {
  return write(
    value,
    options,
    options.indent === undefined ? undefined : `\n${options.prefix ?? ''}`,
  )
}

function write(value: Value, options: JsonOptions, newline: string | undefined): string {
  if (typeof value === 'string') return writeString(value, options)
  if (typeof value === 'number' || value instanceof RBig) return numberText(value)
  if (typeof value !== 'object' || value === null) return String(value)
  const inner = newline === undefined ? undefined : newline + (options.indent ?? '')
  if (isArray(value) || value instanceof RSet) {
    const items = isArray(value) ? value : value.values()
    return enclose(
      '[',
      ']',
      items.map((item) => write(item, options, inner)),
      newline,
      inner,
    )
  }
  const colon = newline === undefined ? ':' : ': '
  const entries = jsonEntries(value).map(
    ([key, item]) => writeString(key, options) + colon + write(item, options, inner),
  )
  return enclose('{', '}', entries, newline, inner)
}

function enclose(
  open: string,
  close: string,
  items: string[],
  newline: string | undefined,
  inner: string | undefined,
): string {
  if (newline === undefined || inner === undefined || items.length === 0)
    return open + items.join(',') + close
  return open + inner + items.join(`,${inner}`) + newline + close
}

function writeString(text: string, options: JsonOptions): string {
  const json = JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd'))
  if (options.escapeHtml !== true) return json
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function jsonEntries(value: Value): [string, Value][] {
  const entries = sortedEntries(value)
  if (!(value instanceof RObj)) return entries as [string, Value][]
  const named = new Map(entries.map(([key, item]) => [jsonKey(key), item]))
  return [...named].toSorted(([a], [b]) => compareStrings(a, b))
}

/** The string that a key becomes in JSON: the string itself, or the JSON text of any other value. */
export function jsonKey(key: Value): string {
  return typeof key === 'string' ? key : stringifyJson(key)
}

/**
 * A value as plain JSON data: sets become sorted arrays, keys become strings, big numbers become the nearest double.
 */
export function toJson(value: Value): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof RBig) return Number(numberText(value))
  if (isArray(value)) return value.map(toJson)
  if (value instanceof RSet) return value.values().map(toJson)
  return Object.fromEntries(jsonEntries(value).map(([key, item]) => [key, toJson(item)]))
}
