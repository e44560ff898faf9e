import { RBig, RObj, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { sortedKeys } from './iterate.ts'

/** 0 for nothing to walk, 1 array, 2 plain object, 3 set, 4 object with other keys. */
export function kindOf(value: Value | undefined): 0 | 1 | 2 | 3 | 4 {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return 1
  if (value instanceof RSet) return 3
  if (value instanceof RObj) return 4
  return value instanceof RBig ? 0 : 2
}

const EMPTY: readonly never[] = []

/** What a loop iterates over: items, keys, members, or pairs of key and value. */
export function listOf(
  value: Value | undefined,
  kind: number,
  ordered: boolean,
): readonly unknown[] {
  switch (kind) {
    case 1:
      return value as readonly Value[]
    case 2:
      return ordered ? sortedKeys(value as object) : Object.keys(value as object)
    case 3:
      return ordered ? (value as RSet).values() : (value as RSet).members()
    case 4:
      return ordered ? (value as RObj).entries() : [...(value as RObj).unordered()]
    default:
      return EMPTY
  }
}
