import {
  isArray,
  isObject,
  lookup,
  makeObject,
  objectEntries,
  objectGet,
  objectSize,
  RSet,
} from '../values/index.ts'
import type { PlainObject, RObj, Value } from '../values/index.ts'
import { arrayOperand, objectOperand, operandElementError, operandTypeError } from './operands.ts'
import { isSubset } from './subset.ts'
import type { BuiltinCall } from './types.ts'

type Obj = PlainObject | RObj

/** Merges recursively; unless both values are objects, the right one wins. */
function union(a: Obj, b: Obj): Obj {
  if (objectSize(a) === 0) return b
  if (objectSize(b) === 0) return a
  const merged = [...objectEntries(a)]
  for (const [key, right] of objectEntries(b)) {
    const left = objectGet(a, key)
    merged.push([
      key,
      left !== undefined && isObject(left) && isObject(right) ? union(left, right) : right,
    ])
  }
  return makeObject(merged)
}

function unionAll(args: readonly Value[]): Obj {
  const objects = arrayOperand(args, 0).map((item) => {
    if (!isObject(item)) throw operandElementError(0, args[0]!, item, 'object')
    return item
  })
  return objects.length === 0 ? {} : objects.reduce(union)
}

function keysOperand(args: readonly Value[]): RSet {
  const value = args[1]!
  if (isArray(value)) return RSet.from(value)
  if (value instanceof RSet) return value
  if (isObject(value)) return keysOf(value)
  throw operandTypeError(1, value, 'object', 'set', 'array')
}

function keysOf(object: Obj): RSet {
  const keys = new RSet()
  for (const [key] of objectEntries(object)) keys.add(key)
  return keys
}

function pick(args: readonly Value[], wanted: boolean): Obj {
  const object = objectOperand(args, 0)
  const keys = keysOperand(args)
  return makeObject([...objectEntries(object)].filter(([key]) => keys.has(key) === wanted))
}

function get(object: Obj, key: Value, fallback: Value): Value {
  if (!isArray(key)) {
    const found = objectGet(object, key)
    return found === undefined ? fallback : found
  }
  let current: Value | undefined = object
  for (const step of key) {
    current = lookup(current, step)
    if (current === undefined) return fallback
  }
  return current
}

/** Functions on objects. */
export const OBJECTS: Readonly<Record<string, BuiltinCall>> = {
  'object.union': (_, args) => union(objectOperand(args, 0), objectOperand(args, 1)),
  'object.union_n': (_, args) => unionAll(args),
  'object.remove': (_, args) => pick(args, false),
  'object.filter': (_, args) => pick(args, true),
  'object.get': (_, args) => get(objectOperand(args, 0), args[1]!, args[2]!),
  'object.keys': (_, args) => keysOf(objectOperand(args, 0)),
  'object.subset': (_, args) => isSubset(args[0]!, args[1]!),
}
