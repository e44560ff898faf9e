import type { Column, ColumnType } from '../records.ts'

/** A value in a row. Indexes sort null first, then by type. */
export type Value = unknown

const RANK = { boolean: 1, number: 1, string: 2, object: 3 } as const satisfies Partial<
  Record<string, number>
>

function rank(value: Value): number {
  const kind = typeof value
  if (value === null || value === undefined) return 0
  return kind === 'boolean' || kind === 'number' || kind === 'string' ? RANK[kind] : RANK.object
}

/**
 * Compares two column values as SQL does with binary collation: null first, numbers by size, text by code point (which
 * is the order of its UTF-8 bytes), bytes lexicographically.
 */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const byRank = rank(a) - rank(b)
  if (byRank !== 0 || rank(a) === 0) return byRank
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  return Number(a) - Number(b)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left !== right) return codePointOrder(left) - codePointOrder(right)
  }
  return a.length - b.length
}

/** UTF-16 puts surrogates below U+E000; in code point order they come last. */
function codePointOrder(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const difference = a[at]! - b[at]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const LONE_SURROGATE = /\p{Surrogate}/u

const FITS: Readonly<Record<ColumnType, (value: Value) => boolean>> = {
  text: (value) =>
    typeof value === 'string' && !LONE_SURROGATE.test(value) && !value.includes('\0'),
  integer: Number.isSafeInteger,
  real: Number.isFinite,
  boolean: (value) => typeof value === 'boolean',
  json: (value) => value !== undefined,
  bytes: (value) => value instanceof Uint8Array,
}

/** Whether `value` may stand in `column`. Text must be well-formed and free of NUL. */
export function fits(column: Column, value: Value): boolean {
  return value === null ? column.nullable === true : FITS[column.type](value)
}

/** A private, immutable copy of a value that fits `column`: what an adapter may keep or hand out. */
export function copyValue(column: Column, value: Value): Value {
  if (value === null) return null
  if (column.type === 'bytes' && value instanceof Uint8Array) return value.slice()
  if (column.type !== 'json') return value
  return deepFreeze(JSON.parse(jsonText(value)))
}

/** JSON text of a value; values that JSON cannot represent (undefined, functions, cycles) are an error. */
export function jsonText(value: Value): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError('the value of a json column is not JSON')
  return text
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
