import { compareStrings, RBig, RObj, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'

/** The keys of a plain object, in Rego order. */
export function sortedKeys(object: object): string[] {
  return Object.keys(object).sort(compareStrings)
}

const NOTHING: readonly (readonly [Value, Value])[] = []

/** The keys and values in a collection other than an array or plain object. */
export function pairs(
  value: Value | undefined,
  ordered: boolean,
): Iterable<readonly [Value, Value]> {
  if (value instanceof RSet) return setPairs(ordered ? value.values() : value.unordered())
  if (value instanceof RObj) return ordered ? value.entries() : value.unordered()
  return NOTHING
}

function* setPairs(members: Iterable<Value>): Generator<readonly [Value, Value], void, undefined> {
  for (const member of members) yield [member, member]
}

/** 0 for a value without elements, 1 for an array, 2 for a plain object, 3 for a set or other object. */
export function shape(value: Value | undefined): 0 | 1 | 2 | 3 {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return 1
  if (value instanceof RSet || value instanceof RObj) return 3
  return value instanceof RBig ? 0 : 2
}

/** Calls back for each key and value until the callback returns `true`; returns whether it did. */
export function someEntry(
  value: Value | undefined,
  ordered: boolean,
  visit: (key: Value, item: Value) => boolean,
): boolean {
  switch (shape(value)) {
    case 0:
      return false
    case 1: {
      const items = value as readonly Value[]
      for (let i = 0; i < items.length; i++) if (visit(i, items[i]!)) return true
      return false
    }
    case 2: {
      const object = value as { readonly [key: string]: Value }
      const keys = ordered ? sortedKeys(object) : Object.keys(object)
      for (const key of keys) if (visit(key, object[key]!)) return true
      return false
    }
    case 3:
    default:
      for (const [key, item] of pairs(value, ordered)) if (visit(key, item)) return true
      return false
  }
}
