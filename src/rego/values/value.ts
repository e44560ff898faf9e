import { compareNumbers, RBig } from './decimal.ts'

/**
 * A Rego value. JSON values are used unchanged; only values that JSON cannot express have classes: sets, objects with
 * keys that are not strings, and numbers that a double cannot hold.
 */
export type Value =
  | null
  | boolean
  | number
  | string
  | RBig
  | RSet
  | RObj
  | readonly Value[]
  | { readonly [key: string]: Value }

/** An object whose keys are all strings. */
export interface PlainObject {
  readonly [key: string]: Value
}

type Scalar = null | boolean | number | string

function isScalar(value: Value): value is Scalar {
  return typeof value !== 'object' || value === null
}

/**
 * A set. Iteration is in Rego order; the order is computed when first needed. `add` is only for building the set: once
 * passed on, a set is never changed.
 */
export class RSet {
  readonly #scalars = new Set<Scalar>()
  #buckets: Map<number, Value[]> | undefined
  #compositeCount = 0
  #sorted: readonly Value[] | undefined
  #members: readonly Value[] | undefined

  static from(values: Iterable<Value>): RSet {
    const set = new RSet()
    for (const value of values) set.add(value)
    return set
  }

  get size(): number {
    return this.#scalars.size + this.#compositeCount
  }

  has(value: Value): boolean {
    if (isScalar(value)) return this.#scalars.has(value)
    const bucket = this.#buckets?.get(hash(value))
    return bucket !== undefined && bucket.some((member) => equals(member, value))
  }

  add(value: Value): this {
    const before = this.size
    if (isScalar(value)) this.#scalars.add(value === 0 ? 0 : value)
    else this.#addComposite(value)
    if (this.size !== before) this.#sorted = this.#members = undefined
    return this
  }

  #addComposite(value: Value): void {
    this.#buckets ??= new Map()
    const key = hash(value)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) this.#buckets.set(key, [value])
    else if (bucket.some((member) => equals(member, value))) return
    else bucket.push(value)
    this.#compositeCount++
  }

  /** The members in Rego order; always the same array, which must not be changed. */
  values(): readonly Value[] {
    this.#sorted ??= [...this.unordered()].sort(compare)
    return this.#sorted
  }

  [Symbol.iterator](): Iterator<Value> {
    return this.values()[Symbol.iterator]()
  }

  /** The members in no particular order; always the same array, which must not be changed. */
  members(): readonly Value[] {
    this.#members ??= this.#sorted ?? [...this.unordered()]
    return this.#members
  }

  /** The members in no particular order, which is cheaper if the order does not matter. */
  *unordered(): Generator<Value, void, undefined> {
    yield* this.#scalars
    if (this.#buckets !== undefined) for (const bucket of this.#buckets.values()) yield* bucket
  }
}

/**
 * An object at least one of whose keys is not a string ({@link makeObject} decides). `set` is only for building the
 * object.
 */
export class RObj {
  readonly #scalars = new Map<Scalar, Value>()
  #buckets: Map<number, [Value, Value][]> | undefined
  #compositeCount = 0
  #sorted: readonly (readonly [Value, Value])[] | undefined

  get size(): number {
    return this.#scalars.size + this.#compositeCount
  }

  get(key: Value): Value | undefined {
    return isScalar(key) ? this.#scalars.get(key) : this.#entry(key)?.[1]
  }

  has(key: Value): boolean {
    return isScalar(key) ? this.#scalars.has(key) : this.#entry(key) !== undefined
  }

  set(key: Value, value: Value): this {
    this.#sorted = undefined
    if (isScalar(key)) {
      this.#scalars.set(key === 0 ? 0 : key, value)
      return this
    }
    const entry = this.#entry(key)
    if (entry !== undefined) {
      entry[1] = value
      return this
    }
    this.#buckets ??= new Map()
    const code = hash(key)
    const bucket = this.#buckets.get(code)
    if (bucket === undefined) this.#buckets.set(code, [[key, value]])
    else bucket.push([key, value])
    this.#compositeCount++
    return this
  }

  /** The entries in Rego order of their keys; always the same array, which must not be changed. */
  entries(): readonly (readonly [Value, Value])[] {
    this.#sorted ??= [...this.unordered()].sort((a, b) => compare(a[0], b[0]))
    return this.#sorted
  }

  [Symbol.iterator](): Iterator<readonly [Value, Value]> {
    return this.entries()[Symbol.iterator]()
  }

  /** The entries in no particular order. */
  *unordered(): Generator<readonly [Value, Value], void, undefined> {
    yield* this.#scalars
    if (this.#buckets !== undefined) for (const bucket of this.#buckets.values()) yield* bucket
  }

  #entry(key: Value): [Value, Value] | undefined {
    return this.#buckets?.get(hash(key))?.find((entry) => equals(entry[0], key))
  }
}

/** Whether the value is an array. */
export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** Whether the value is a plain object, with only string keys. */
export function isPlainObject(value: Value): value is PlainObject {
  return rank(value) === 5 && !(value instanceof RObj)
}

/** Rego's order of types: null < boolean < number < string < array < object < set. */
export function rank(value: Value): number {
  if (typeof value === 'string') return 3
  if (typeof value === 'number') return 2
  if (typeof value === 'boolean') return 1
  if (value === null) return 0
  if (Array.isArray(value)) return 4
  if (value instanceof RSet) return 6
  return value instanceof RBig ? 2 : 5
}

/** Orders strings by code point, as Go orders their UTF-8 bytes. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      const surrogateX = x >= 0xd800 && x <= 0xdfff
      const surrogateY = y >= 0xd800 && y <= 0xdfff
      if (surrogateX === surrogateY) return x < y ? -1 : 1
      return surrogateX ? (y >= 0xe000 ? 1 : x < y ? -1 : 1) : x >= 0xe000 ? -1 : x < y ? -1 : 1
    }
  }
  return a.length < b.length ? -1 : 1
}

/** Rego's total order over all values: negative, zero or positive. */
export function compare(a: Value, b: Value): number {
  if (a === b) return 0
  const rankA = rank(a)
  const rankB = rank(b)
  if (rankA !== rankB) return rankA < rankB ? -1 : 1
  switch (rankA) {
    case 0:
      return 0
    case 1:
      return a === false ? -1 : 1
    case 2:
      return compareNumbers(a as number | RBig, b as number | RBig)
    case 3:
      return compareStrings(a as string, b as string)
    case 4:
      return compareSequences(a as readonly Value[], b as readonly Value[])
    case 5:
      return compareObjects(a, b)
    default:
      return compareSequences((a as RSet).values(), (b as RSet).values())
  }
}

function compareSequences(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const order = compare(a[i]!, b[i]!)
    if (order !== 0) return order
  }
  return a.length < b.length ? -1 : a.length > b.length ? 1 : 0
}

function compareObjects(a: Value, b: Value): number {
  const entriesA = sortedEntries(a)
  const entriesB = sortedEntries(b)
  const length = Math.min(entriesA.length, entriesB.length)
  for (let i = 0; i < length; i++) {
    const [keyA, valueA] = entriesA[i]!
    const [keyB, valueB] = entriesB[i]!
    const order = compare(keyA, keyB) || compare(valueA, valueB)
    if (order !== 0) return order
  }
  return entriesA.length < entriesB.length ? -1 : entriesA.length > entriesB.length ? 1 : 0
}

/** The entries of an object in Rego order of their keys; empty if the value is not an object. */
export function sortedEntries(value: Value): readonly (readonly [Value, Value])[] {
  if (value instanceof RObj) return value.entries()
  if (!isPlainObject(value)) return []
  return Object.keys(value)
    .sort(compareStrings)
    .map((key) => [key, value[key]!] as const)
}

/** Equality of values: `1 == 1.0`, sets and objects regardless of order. */
export function equals(a: Value, b: Value): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, i) => equals(item as Value, b[i] as Value))
    )
  }
  if (Array.isArray(b)) return false
  if (a instanceof RSet) return b instanceof RSet && equalSets(a, b)
  if (a instanceof RBig || b instanceof RBig) {
    return (
      a instanceof RBig &&
      b instanceof RBig &&
      a.exponent === b.exponent &&
      a.coefficient === b.coefficient
    )
  }
  if (b instanceof RSet) return false
  if (a instanceof RObj || b instanceof RObj) {
    return a instanceof RObj && b instanceof RObj && equalObjects(a, b)
  }
  return equalPlain(a as PlainObject, b as PlainObject)
}

function equalSets(a: RSet, b: RSet): boolean {
  if (a.size !== b.size) return false
  for (const member of a.unordered()) if (!b.has(member)) return false
  return true
}

function equalObjects(a: RObj, b: RObj): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a.unordered()) {
    const other = b.get(key)
    if (other === undefined || !equals(value, other)) return false
  }
  return true
}

function equalPlain(a: PlainObject, b: PlainObject): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  for (const key of keys) if (!Object.hasOwn(b, key) || !equals(a[key]!, b[key]!)) return false
  return true
}

/** A 32-bit hash, the same for equal values, regardless of the order of keys and members. */
export function hash(value: Value): number {
  if (typeof value === 'string') return hashString(value)
  if (typeof value === 'number') {
    return Number.isInteger(value) && Math.abs(value) < 2 ** 31
      ? mix(value | 0, 3)
      : hashString(String(value))
  }
  if (typeof value === 'boolean') return value ? 0x5bd1e995 : 0x1b873593
  return value === null ? 0x2545f491 : hashComposite(value)
}

function hashComposite(value: Exclude<Value, Scalar>): number {
  if (Array.isArray(value)) {
    let code = 0x4f1bbcdc
    for (const item of value as readonly Value[]) code = mix(code, hash(item))
    return code
  }
  if (value instanceof RBig) return mix(hashString(value.coefficient.toString(36)), value.exponent)
  if (value instanceof RSet) {
    let code = 0x68e31da4
    for (const member of value.unordered()) code = (code + mix(hash(member), 7)) | 0
    return code
  }
  let code = 0x3c6ef372
  if (value instanceof RObj) {
    for (const [key, item] of value.unordered()) code = (code + mix(hash(key), hash(item))) | 0
    return code
  }
  const plain = value as PlainObject
  for (const key of Object.keys(plain)) code = (code + mix(hashString(key), hash(plain[key]!))) | 0
  return code
}

function mix(a: number, b: number): number {
  const code = Math.imul(a ^ (b + 0x9e3779b9 + (a << 6) + (a >>> 2)), 0x85ebca6b)
  return code ^ (code >>> 13)
}

function hashString(text: string): number {
  let code = 0x811c9dc5
  for (let i = 0; i < text.length; i++) code = Math.imul(code ^ text.charCodeAt(i), 0x01000193)
  return code
}
