import { RBig } from './decimal.ts'
import { isArray, rank, RObj, RSet } from './value.ts'
import type { PlainObject, Value } from './value.ts'

/** Sets an own property of an object, even if its name is `__proto__`. */
export function setOwn(target: { [key: string]: Value }, key: string, value: Value): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  } else target[key] = value
}

/**
 * Builds an object: plain when every key is a string, an {@link RObj} otherwise. If a key is repeated, the last one
 * wins.
 */
export function makeObject(entries: Iterable<readonly [Value, Value]>): PlainObject | RObj {
  const list = [...entries]
  if (list.every(([key]) => typeof key === 'string')) {
    const plain: { [key: string]: Value } = {}
    for (const [key, value] of list) setOwn(plain, key as string, value)
    return plain
  }
  const object = new RObj()
  for (const [key, value] of list) object.set(key, value)
  return object
}

/** Whether the value is an object of either form. */
export function isObject(value: Value): value is PlainObject | RObj {
  return rank(value) === 5
}

/** Whether the value is a number of either form. */
export function isNumber(value: Value): value is number | RBig {
  return rank(value) === 2
}

/** The value of an object's own key, or `undefined`. */
export function objectGet(object: PlainObject | RObj, key: Value): Value | undefined {
  if (object instanceof RObj) return object.get(key)
  return typeof key === 'string' ? ownValue(object, key) : undefined
}

/** A missing property costs one lookup; a present one must be the object's own. */
function ownValue(object: PlainObject, key: string): Value | undefined {
  const value = object[key]
  return value !== undefined && Object.hasOwn(object, key) ? value : undefined
}

/** The number of keys of an object. */
export function objectSize(object: PlainObject | RObj): number {
  return object instanceof RObj ? object.size : Object.keys(object).length
}

/** The entries of an object in no particular order. */
export function objectEntries(object: PlainObject | RObj): Iterable<readonly [Value, Value]> {
  return object instanceof RObj ? object.unordered() : Object.entries(object)
}

/**
 * What a reference finds: an array by index, an object by key, a set by member (which is also the result). `undefined`
 * if there is nothing.
 */
export function lookup(container: Value, key: Value): Value | undefined {
  if (typeof container !== 'object' || container === null) return undefined
  if (isArray(container)) return typeof key === 'number' && key >= 0 ? container[key] : undefined
  if (container instanceof RObj) return container.get(key)
  if (container instanceof RSet) return container.has(key) ? key : undefined
  if (container instanceof RBig || typeof key !== 'string') return undefined
  return ownValue(container, key)
}

const TYPE_NAMES = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set'] as const

/** The name of a value's type, as returned by `type_name`. */
export function typeName(value: Value): (typeof TYPE_NAMES)[number] {
  return TYPE_NAMES[rank(value)]!
}
