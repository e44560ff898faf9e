import {
  equals,
  isArray,
  isObject,
  makeObject,
  objectEntries,
  objectGet,
  RSet,
  toTermText,
  typeName,
} from '../../values/index.ts'
import type { PlainObject, RObj, Value } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'
import { pathSteps } from './paths.ts'

type Patch = PlainObject | RObj
type Steps = readonly Value[]

/**
 * Applies JSON patches (RFC 6902) one after the other. Sets are supported: the path of a member is the member itself.
 * Returns `undefined` when the whole document is removed.
 * @throws BuiltinError when a patch does not apply; none of them then takes effect.
 */
export function applyPatches(document: Value, patches: readonly Value[]): Value | undefined {
  return patches.reduce<Value | undefined>((current, patch) => {
    if (!isObject(patch)) {
      throw new BuiltinError(
        'must be an array of JSON-Patch objects, but at least one element is not an object',
      )
    }
    return applyPatch(current, patch)
  }, document)
}

function applyPatch(document: Value | undefined, patch: Patch): Value | undefined {
  const path = pathSteps(attribute(patch, 'path'))
  const operation = attribute(patch, 'op')
  if (typeof operation !== 'string') {
    throw new BuiltinError(`attribute 'op' must be a string but found: ${typeName(operation)}`)
  }
  switch (operation) {
    case 'add':
      return insert(document, path, attribute(patch, 'value'))
    case 'remove':
      return remove(document, path)
    case 'replace':
      return insert(remove(document, path), path, attribute(patch, 'value'))
    case 'move': {
      const from = pathSteps(attribute(patch, 'from'))
      return insert(remove(document, from), path, find(document, from))
    }
    case 'copy':
      return insert(document, path, find(document, pathSteps(attribute(patch, 'from'))))
    case 'test':
      return test(document, path, attribute(patch, 'value'))
    default:
      throw new BuiltinError(`unrecognized op: '${operation}'`)
  }
}

function attribute(patch: Patch, name: string): Value {
  const value = objectGet(patch, name)
  if (value === undefined) throw new BuiltinError(`missing required attribute '${name}'`)
  return value
}

function test(document: Value | undefined, path: Steps, expected: Value): Value | undefined {
  const found = find(document, path)
  if (equals(found, expected)) return document
  throw new BuiltinError(
    `value from EditTree != patch value.\n\nExpected: ${toTermText(expected)}\n\nFound: ${toTermText(found)}`,
  )
}

function missing(step: Value): BuiltinError {
  return new BuiltinError(`path ${toTermText(step)} does not exist in the document`)
}

/** The array index that a step means; `end` allows the place after the last item, and `-`. */
function indexOf(array: readonly Value[], step: Value, end: boolean): number {
  if (step === '-' && end) return array.length
  const text = typeof step === 'number' ? String(step) : step
  if (typeof text !== 'string' || !/^(?:0|[1-9]\d*)$/.test(text))
    throw new BuiltinError(`invalid array index: ${toTermText(step)}`)
  const index = Number(text)
  if (index < array.length || (end && index === array.length)) return index
  throw new BuiltinError(`index out of range: ${text}`)
}

function child(value: Value, step: Value): Value {
  if (isArray(value)) return value[indexOf(value, step, false)]!
  if (value instanceof RSet && value.has(step)) return step
  const found = isObject(value) ? objectGet(value, step) : undefined
  if (found === undefined) throw missing(step)
  return found
}

function find(document: Value | undefined, path: Steps): Value {
  if (document === undefined) throw new BuiltinError('the document was removed')
  return path.reduce(child, document)
}

/** Rebuilds the containers along the path, the innermost one with `change`. */
function edit(value: Value, path: Steps, change: (container: Value, step: Value) => Value): Value {
  const [step, ...rest] = path as [Value, ...Value[]]
  return rest.length === 0
    ? change(value, step)
    : replaceChild(value, step, edit(child(value, step), rest, change))
}

function replaceChild(value: Value, step: Value, replacement: Value): Value {
  if (isArray(value)) return value.with(indexOf(value, step, false), replacement)
  if (value instanceof RSet) return RSet.from([...without(value, step), replacement])
  return setKey(value as Patch, step, replacement)
}

function without(set: RSet, member: Value): Value[] {
  return set.values().filter((other) => !equals(other, member))
}

function setKey(object: Patch, key: Value, value: Value): Value {
  return makeObject([...objectEntries(object), [key, value]])
}

function insert(document: Value | undefined, path: Steps, value: Value): Value {
  if (path.length === 0) return value
  return edit(find(document, []), path, (container, step) => {
    if (isArray(container)) return container.toSpliced(indexOf(container, step, true), 0, value)
    if (container instanceof RSet) {
      if (!equals(step, value)) {
        throw new BuiltinError(
          `set key ${toTermText(step)} does not equal value to be inserted ${toTermText(value)}`,
        )
      }
      return RSet.from([...container.unordered(), value])
    }
    if (isObject(container)) return setKey(container, step, value)
    throw missing(step)
  })
}

function remove(document: Value | undefined, path: Steps): Value | undefined {
  if (path.length === 0) return undefined
  return edit(find(document, []), path, (container, step) => {
    child(container, step)
    if (isArray(container)) return container.toSpliced(indexOf(container, step, false), 1)
    if (container instanceof RSet) return RSet.from(without(container, step))
    return makeObject([...objectEntries(container as Patch)].filter(([key]) => !equals(key, step)))
  })
}
