import { RBig, RSet, sortedEntries } from '../values/index.ts'
import type { BuiltinType } from '../builtins/index.ts'
import type { Value } from '../values/index.ts'

/** The types of expressions, which are the same as those of built-ins' arguments. */
export type Type = BuiltinType

export const ANY: Type = { kind: 'any' }
export const NUMBER: Type = { kind: 'number' }
export const BOOLEAN: Type = { kind: 'boolean' }
/** The type of an expression that is never defined. */
export const NEVER: Type = { kind: 'anyOf', of: [] }

const UNION_MAX = 12
const ITEMS_MAX = 32
const DEPTH_MAX = 6

/** The type of a constant; large collections are summarized. */
export function typeOf(value: Value, depth = 0): Type {
  if (value === null) return { kind: 'null' }
  if (typeof value === 'boolean') return BOOLEAN
  if (typeof value === 'string') return { kind: 'string' }
  if (typeof value === 'number' || value instanceof RBig) return NUMBER
  if (depth > DEPTH_MAX) return ANY
  if (Array.isArray(value)) {
    const items = value as readonly Value[]
    if (items.length > ITEMS_MAX)
      return { kind: 'array', items: [], rest: union(items.map((item) => typeOf(item, depth + 1))) }
    return { kind: 'array', items: items.map((item) => typeOf(item, depth + 1)) }
  }
  if (value instanceof RSet)
    return { kind: 'set', of: union(value.values().map((item) => typeOf(item, depth + 1))) }
  const entries = sortedEntries(value)
  if (entries.length > ITEMS_MAX)
    return { kind: 'object', properties: [], rest: { key: ANY, value: ANY } }
  return {
    kind: 'object',
    properties: entries.map(([key, item]) => ({ key, value: typeOf(item, depth + 1) })),
  }
}

/** Either of some types; `any` when there are too many to tell apart. */
export function union(types: readonly Type[]): Type {
  const distinct = new Map<string, Type>()
  for (const type of types) {
    if (type.kind === 'any') return ANY
    for (const part of type.kind === 'anyOf' ? type.of : [type])
      distinct.set(fingerprint(part), part)
    if (distinct.size > UNION_MAX) return ANY
  }
  const of = [...distinct.values()]
  if (of.some((part) => part.kind === 'any')) return ANY
  return of.length === 1 ? of[0]! : { kind: 'anyOf', of }
}

function fingerprint(type: Type): string {
  return JSON.stringify(type, (key, value: unknown) =>
    key === 'name' ? undefined : typeof value === 'bigint' ? String(value) : value,
  )
}

/** Whether some value could have both types. */
export function overlaps(a: Type, b: Type): boolean {
  if (a.kind === 'any' || b.kind === 'any') return true
  if (a.kind === 'anyOf') return a.of.length === 0 || a.of.some((part) => overlaps(part, b))
  if (b.kind === 'anyOf') return overlaps(b, a)
  if (a.kind !== b.kind) return false
  if (a.kind === 'array' && b.kind === 'array') return overlapArrays(a, b)
  if (a.kind === 'object' && b.kind === 'object') return overlapObjects(a, b)
  // The empty set belongs to every type of set.
  return true
}

type ArrayType = Type & { kind: 'array' }
type ObjectType = Type & { kind: 'object' }

function overlapArrays(a: ArrayType, b: ArrayType): boolean {
  if (a.rest === undefined && b.rest === undefined && a.items.length !== b.items.length)
    return false
  if (a.rest === undefined && b.items.length > a.items.length) return false
  if (b.rest === undefined && a.items.length > b.items.length) return false
  const length = Math.max(a.items.length, b.items.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.items[i] ?? a.rest, b.items[i] ?? b.rest]
    if (x !== undefined && y !== undefined && !overlaps(x, y)) return false
  }
  return true
}

function overlapObjects(a: ObjectType, b: ObjectType): boolean {
  return fitsProperties(a, b) && fitsProperties(b, a)
}

function fitsProperties(a: ObjectType, b: ObjectType): boolean {
  const isOptional = a.rest !== undefined
  return a.properties.every(({ key, value }) => {
    const other = b.properties.find((property) => property.key === key)
    if (other !== undefined) return overlaps(value, other.value)
    if (isOptional || (typeof key === 'object' && key !== null)) return true
    return (
      b.rest !== undefined && overlaps(typeOf(key), b.rest.key) && overlaps(value, b.rest.value)
    )
  })
}

/** The type that a key finds in a value of a type; `undefined` if it can never find anything. */
export function select(type: Type, key: Value | undefined, keyType: Type): Type | undefined {
  switch (type.kind) {
    case 'any':
      return ANY
    case 'anyOf': {
      if (type.of.length === 0) return ANY
      const found = type.of.flatMap((part) => select(part, key, keyType) ?? [])
      return found.length === 0 ? undefined : union(found)
    }
    case 'array': {
      if (!overlaps(keyType, NUMBER)) return undefined
      if (typeof key !== 'number')
        return union([...type.items, ...(type.rest === undefined ? [] : [type.rest])])
      return type.items[key] ?? type.rest
    }
    case 'object':
      return selectProperty(type, key, keyType)
    case 'set':
      return overlaps(type.of, keyType) ? type.of : undefined
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
    case 'function':
    default:
      return undefined
  }
}

function selectProperty(type: ObjectType, key: Value | undefined, keyType: Type): Type | undefined {
  const { properties, rest } = type
  if (key === undefined || (typeof key === 'object' && key !== null)) {
    return union([
      ...properties.map(({ value }) => value),
      ...(rest === undefined ? [] : [rest.value]),
    ])
  }
  const property = properties.find((candidate) => candidate.key === key)
  if (property !== undefined) return property.value
  return rest !== undefined && overlaps(rest.key, keyType) ? rest.value : undefined
}

/** The type of the keys of a value of a type. */
export function keysOf(type: Type): Type {
  switch (type.kind) {
    case 'array':
      return NUMBER
    case 'object':
      return union([
        ...type.properties.map(({ key }) => typeOf(key)),
        ...(type.rest === undefined ? [] : [type.rest.key]),
      ])
    case 'set':
      return type.of
    case 'anyOf':
      return type.of.length === 0 ? ANY : union(type.of.map(keysOf))
    case 'any':
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
    case 'function':
    default:
      return ANY
  }
}
