import {
  isArray,
  isObject,
  makeObject,
  objectEntries,
  RObj,
  RSet,
  typeName,
} from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { collectionOperand, operandError } from '../operands.ts'

/** The steps of a path: an array as it is, or a JSON pointer (RFC 6901) whose leading slashes are optional. */
export function pathSteps(path: Value): readonly Value[] {
  if (isArray(path)) return path
  if (typeof path !== 'string') {
    const message = 'must be one of {set, array} containing string paths or array of path segments'
    throw operandError(1, `${message} but got ${typeName(path)}`)
  }
  if (path === '') return []
  const steps = path.replace(/^\/+/, '').split('/')
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The paths as a tree: objects by step, `null` where a path ends. Anything beneath such an end is dropped. */
export function pathTree(args: readonly Value[]): RObj {
  const root = new RObj()
  for (const steps of collectionOperand(args, 1).map(pathSteps)) addPath(root, steps)
  return root
}

function addPath(root: RObj, steps: readonly Value[]): void {
  let node = root
  for (const [i, step] of steps.entries()) {
    if (i === steps.length - 1) {
      node.set(step, null)
      return
    }
    let child = node.get(step)
    if (child === null) return
    if (!(child instanceof RObj)) {
      child = new RObj()
      node.set(step, child)
    }
    node = child
  }
}

/** Keeps only what the paths name. */
export function filterPaths(value: Value, tree: Value | undefined): Value {
  if (!(tree instanceof RObj)) return value
  if (isArray(value))
    return value.flatMap((item, i) =>
      tree.has(String(i)) ? [filterPaths(item, tree.get(String(i)))] : [],
    )
  if (value instanceof RSet) {
    return RSet.from(
      value
        .values()
        .filter((member) => tree.has(member))
        .map((member) => filterPaths(member, tree.get(member))),
    )
  }
  if (!isObject(value)) return value
  const kept = [...objectEntries(value)].filter(([key]) => tree.has(key))
  return makeObject(kept.map(([key, item]) => [key, filterPaths(item, tree.get(key))] as const))
}

/** Removes what the paths name; `undefined` when a path names the value itself. */
export function removePaths(value: Value, tree: Value | undefined): Value | undefined {
  if (tree === null) return undefined
  if (!(tree instanceof RObj)) return value
  if (isArray(value))
    return value.map((item, i) => removePaths(item, tree.get(String(i)))).filter(isPresent)
  if (value instanceof RSet) {
    return RSet.from(
      value
        .values()
        .map((member) => removePaths(member, tree.get(member)))
        .filter(isPresent),
    )
  }
  if (!isObject(value)) return value
  const kept: [Value, Value][] = []
  for (const [key, item] of objectEntries(value)) {
    const rest = removePaths(item, tree.get(key))
    if (rest !== undefined) kept.push([key, rest])
  }
  return makeObject(kept)
}

function isPresent(value: Value | undefined): value is Value {
  return value !== undefined
}
