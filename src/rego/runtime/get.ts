import { lookup, RBig, RObj, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'

/** Looks up a key in a value that may be undefined. */
export function get(base: Value | undefined, key: Value): Value | undefined {
  return base === undefined ? undefined : lookup(base, key)
}

/** Follows string keys. */
export function getPath(base: Value | undefined, path: readonly string[]): Value | undefined {
  let value = base
  for (const key of path) value = get(value, key)
  return value
}

/** Follows the keys of a path to a base document, where numbers also name the keys of objects. */
export function getBasePath(
  base: Value | undefined,
  path: readonly (string | number)[],
): Value | undefined {
  let value = base
  for (const key of path)
    value = get(value, typeof key === 'number' && isPlain(value) ? String(key) : key)
  return value
}

/** A copy of a document with the value at a path replaced. */
export function setPath(
  base: Value | undefined,
  path: readonly string[],
  value: Value,
  from = 0,
): Value {
  const key = path[from]
  if (key === undefined) return value
  const inner = setPath(get(base, key), path, value, from + 1)
  if (base instanceof RObj) {
    const copy = new RObj()
    for (const [k, v] of base.unordered()) copy.set(k, v)
    return copy.set(key, inner)
  }
  const copy: Record<string, Value> = {}
  if (isPlain(base)) for (const k of Object.keys(base)) define(copy, k, base[k]!)
  define(copy, key, inner)
  return copy
}

function isPlain(value: Value | undefined): value is { readonly [key: string]: Value } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RSet) &&
    !(value instanceof RObj) &&
    !(value instanceof RBig)
  )
}

function define(target: Record<string, Value>, key: string, value: Value): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  else target[key] = value
}

/** Whether a value is an object, plain or not, of a size. */
export function isObjectOf(value: Value | undefined, size: number): boolean {
  if (value instanceof RObj) return value.size === size
  return isPlain(value) && Object.keys(value).length === size
}

/** Names that no value has as a property unless a policy's data has it. */
const OWN = new Set<string>()
for (const prototype of [Object, Array, String, Number, Boolean, RSet, RObj, RBig].map(
  (type): unknown => type.prototype,
)) {
  for (const name of Object.getOwnPropertyNames(prototype)) OWN.add(name)
}
for (const name of ['size', 'length', 'coefficient', 'exponent', 'value']) OWN.add(name)

/** Whether `value?.name` can find only properties that come from JSON. */
export function isSafeProperty(name: string): boolean {
  return !OWN.has(name)
}
