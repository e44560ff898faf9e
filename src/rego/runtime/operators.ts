import { add, compare, equals, multiply, RBig, RObj, RSet, subtract } from '../values/index.ts'
import type { Value } from '../values/index.ts'

function isInt(value: Value): value is number {
  return typeof value === 'number' && (value | 0) === value
}

const sameKind = (a: Value, b: Value): boolean =>
  typeof a === typeof b && (typeof a === 'number' || typeof a === 'string')

export function less(a: Value, b: Value): boolean {
  return sameKind(a, b) && typeof a === 'number' ? a < (b as number) : compare(a, b) < 0
}
export function lessEqual(a: Value, b: Value): boolean {
  return sameKind(a, b) && typeof a === 'number' ? a <= (b as number) : compare(a, b) <= 0
}
export function greater(a: Value, b: Value): boolean {
  return sameKind(a, b) && typeof a === 'number' ? a > (b as number) : compare(a, b) > 0
}
export function greaterEqual(a: Value, b: Value): boolean {
  return sameKind(a, b) && typeof a === 'number' ? a >= (b as number) : compare(a, b) >= 0
}
export function same(a: Value, b: Value): boolean {
  return a === b || equals(a, b)
}

/** The sum of small integers; otherwise undefined, and the built-in decides. */
export function plusFast(a: Value, b: Value): Value | undefined {
  return isInt(a) && isInt(b) ? add(a, b) : undefined
}
export function minusFast(a: Value, b: Value): Value | undefined {
  return isInt(a) && isInt(b) ? subtract(a, b) : undefined
}
export function timesFast(a: Value, b: Value): Value | undefined {
  return isInt(a) && isInt(b) ? multiply(a, b) : undefined
}

/** The number of elements if it is known without counting; otherwise undefined. */
export function countFast(value: Value): number | undefined {
  if (Array.isArray(value)) return value.length
  return value instanceof RSet || value instanceof RObj ? value.size : undefined
}

/** `member in collection`. */
export function memberOf(member: Value, collection: Value): boolean {
  if (typeof collection !== 'object' || collection === null) return false
  if (Array.isArray(collection)) {
    const items = collection as readonly Value[]
    if (typeof member !== 'object' || member === null) return items.includes(member)
    return items.some((item) => equals(item, member))
  }
  if (collection instanceof RSet) return collection.has(member)
  if (collection instanceof RObj) {
    for (const [, value] of collection.unordered()) if (same(value, member)) return true
    return false
  }
  if (collection instanceof RBig) return false
  const object = collection as { readonly [key: string]: Value }
  for (const key of Object.keys(object)) if (same(object[key]!, member)) return true
  return false
}
