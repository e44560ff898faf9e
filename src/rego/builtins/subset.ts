import { equals, isArray, isObject, objectEntries, objectGet, RSet } from '../values/index.ts'
import type { PlainObject, RObj, Value } from '../values/index.ts'
import { BuiltinError } from './types.ts'

/**
 * Whether `sub` is contained in `sup`: objects recursively, sets by member, arrays as a contiguous run,
 * a set in an array by member.
 */
export function isSubset(sup: Value, sub: Value): boolean {
  const verdict = compareKinds(sup, sub)
  if (verdict !== undefined) return verdict
  if (isArray(sup) && sub instanceof RSet) return arrayHoldsSet(sup, sub)
  throw new BuiltinError(
    'both arguments object.subset must be of the same type or array and set',
    'eval_type_error',
  )
}

function compareKinds(sup: Value, sub: Value): boolean | undefined {
  if (isObject(sup) && isObject(sub)) return objectHolds(sup, sub)
  if (sup instanceof RSet && sub instanceof RSet) return setHolds(sup, sub)
  return isArray(sup) && isArray(sub) ? arrayHolds(sup, sub) : undefined
}

function objectHolds(sup: PlainObject | RObj, sub: PlainObject | RObj): boolean {
  for (const [key, value] of objectEntries(sub)) {
    const found = objectGet(sup, key)
    if (found === undefined) return false
    if (!equals(found, value) && compareKinds(found, value) !== true) return false
  }
  return true
}

function setHolds(sup: RSet, sub: RSet): boolean {
  for (const member of sub.unordered()) if (!sup.has(member)) return false
  return true
}

function arrayHoldsSet(sup: readonly Value[], sub: RSet): boolean {
  return sub.size > 0 ? setHolds(RSet.from(sup), sub) : sup.length > 0
}

/** Searches a run of items in linear time (Knuth, Morris and Pratt). */
function arrayHolds(sup: readonly Value[], sub: readonly Value[]): boolean {
  if (sub.length === 0) return true
  const borders = [0]
  for (let i = 1, length = 0; i < sub.length; i++) {
    while (length > 0 && !equals(sub[i]!, sub[length]!)) length = borders[length - 1]!
    if (equals(sub[i]!, sub[length]!)) length++
    borders.push(length)
  }
  let matched = 0
  for (const item of sup) {
    while (matched > 0 && !equals(item, sub[matched]!)) matched = borders[matched - 1]!
    if (equals(item, sub[matched]!)) matched++
    if (matched === sub.length) return true
  }
  return false
}
