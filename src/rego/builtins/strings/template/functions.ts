import {
  compare,
  equals,
  isArray,
  isNumber,
  isObject,
  lookup,
  objectSize,
  RSet,
  sortedEntries,
  toTermText,
  typeName,
} from '../../../values/index.ts'
import type { Value } from '../../../values/index.ts'
import { escapeQuery } from '../../encoding/url-query.ts'
import { BuiltinError } from '../../types.ts'
import { sprintf } from '../sprintf.ts'

/** A value within a template; `undefined` for a missing key. */
export type Item = Value | undefined

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

/** Whether a value counts as true: it is not false, zero, empty or missing. */
export function isTrue(item: Item): boolean {
  if (item === undefined || item === null || item === false || item === 0 || item === '')
    return false
  if (isArray(item)) return item.length > 0
  if (item instanceof RSet) return item.size > 0
  return isObject(item) ? objectSize(item) > 0 : true
}

/** A value as a template prints it. */
export function itemText(item: Item): string {
  if (item === undefined || item === null) return '<no value>'
  if (typeof item === 'string') return item
  if (isArray(item)) return `[${item.map(nestedText).join(' ')}]`
  if (item instanceof RSet) return `[${item.values().map(nestedText).join(' ')}]`
  if (!isObject(item)) return toTermText(item)
  return `map[${sortedEntries(item)
    .map(([key, value]) => `${nestedText(key)}:${nestedText(value)}`)
    .join(' ')}]`
}

function nestedText(value: Value): string {
  return value === null ? '<nil>' : itemText(value)
}

function fail(name: string, reason: string): BuiltinError {
  return new BuiltinError(`template: error calling ${name}: ${reason}`)
}

function ordered(name: string, [a, b]: readonly Item[]): number {
  if (
    a === undefined ||
    b === undefined ||
    typeName(a) !== typeName(b) ||
    (!isNumber(a) && typeof a !== 'string')
  ) {
    throw fail(name, 'incompatible types for comparison')
  }
  return compare(a, b)
}

function isEqual(items: readonly Item[]): boolean {
  const [first, ...others] = items
  if (others.length === 0) throw fail('eq', 'missing argument for comparison')
  return others.some((other) => {
    if (first === undefined || other === undefined || first === null || other === null)
      return first === other
    if (typeName(first) !== typeName(other)) throw fail('eq', 'incompatible types for comparison')
    return equals(first, other)
  })
}

function lengthOf([item]: readonly Item[]): number {
  if (typeof item === 'string') return new TextEncoder().encode(item).length
  if (item !== undefined && isArray(item)) return item.length
  if (item instanceof RSet) return item.size
  if (item !== undefined && isObject(item)) return objectSize(item)
  throw fail('len', `len of type ${item === undefined ? 'nil' : typeName(item)}`)
}

function index(items: readonly Item[]): Item {
  return items.slice(1).reduce<Item>((container, key) => {
    if (container === undefined || key === undefined) throw fail('index', 'index of untyped nil')
    const found = lookup(container, key)
    if (found === undefined && isArray(container))
      throw fail('index', `index out of range: ${toTermText(key)}`)
    return found
  }, items[0])
}

function slice([item, start = 0, end]: readonly Item[]): Item {
  if (typeof start !== 'number' || (end !== undefined && typeof end !== 'number'))
    throw fail('slice', 'cannot index slice')
  if (typeof item === 'string') return Array.from(item).slice(start, end).join('')
  if (item === undefined || !isArray(item)) throw fail('slice', "can't slice item")
  return item.slice(start, end)
}

/** Adjacent strings are not separated. */
function print(items: readonly Item[]): string {
  return items
    .map((item, i) => {
      const apart = i > 0 && typeof item !== 'string' && typeof items[i - 1] !== 'string'
      return (apart ? ' ' : '') + itemText(item)
    })
    .join('')
}

function printf([format, ...values]: readonly Item[]): string {
  if (typeof format !== 'string') throw fail('printf', 'wrong type for the format')
  return sprintf(format, values.map(printable))
}

/** Scalars unchanged, everything else as text. */
function printable(item: Item): Value {
  return item === undefined || (typeof item === 'object' && !isNumber(item)) ? itemText(item) : item
}

const joined = (items: readonly Item[]): string => print(items)

/** The functions of templates; `and` and `or` are evaluated elsewhere, because they may skip operands. */
export const FUNCTIONS: Readonly<Record<string, (items: readonly Item[]) => Item>> = {
  not: ([item]) => !isTrue(item),
  len: lengthOf,
  index,
  slice,
  print,
  printf,
  println: (items) => `${items.map(itemText).join(' ')}\n`,
  html: (items) => joined(items).replace(/[&<>"']/g, (character) => HTML[character] ?? character),
  js: (items) =>
    JSON.stringify(joined(items))
      .slice(1, -1)
      .replaceAll("'", "\\'")
      .replace(
        /[<>&=]/g,
        (character) => `\\u00${character.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
  urlquery: (items) => escapeQuery(joined(items)),
  eq: isEqual,
  ne: (items) => !isEqual(items),
  lt: (items) => ordered('lt', items) < 0,
  le: (items) => ordered('le', items) <= 0,
  gt: (items) => ordered('gt', items) > 0,
  ge: (items) => ordered('ge', items) >= 0,
}
