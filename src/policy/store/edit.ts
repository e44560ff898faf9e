import type { Value } from '../../rego/index.ts'
import { isDocument } from '../bundle/documents.ts'

/** The value at a path, or `undefined`. */
export function valueAt(root: Value, path: readonly string[]): Value | undefined {
  let value: Value | undefined = root
  for (const step of path) {
    if (Array.isArray(value))
      value = /^\d+$/.test(step) ? (value[Number(step)] as Value) : undefined
    else value = isDocument(value) && Object.hasOwn(value, step) ? value[step] : undefined
    if (value === undefined) return undefined
  }
  return value
}

/** What a change does to the object or array at the end of its path. */
export type Edit = 'put' | 'insert' | 'remove'

/**
 * A copy with one value changed; everything off the path is shared. `undefined` when the path does not exist. `put`
 * creates missing objects; `insert` and `remove` do not.
 */
export function edited(
  root: Value,
  path: readonly string[],
  edit: Edit,
  value: Value,
): Value | undefined {
  const [step, ...rest] = path
  if (step === undefined) return edit === 'remove' ? undefined : value
  if (Array.isArray(root)) return editedArray(root as readonly Value[], step, rest, edit, value)
  if (!isDocument(root)) return undefined
  const members = new Map<string, Value>(Object.entries(root))
  if (rest.length === 0) {
    if (edit !== 'remove') members.set(step, value)
    else if (!members.delete(step)) return undefined
  } else {
    const inner = members.get(step) ?? (edit === 'put' ? {} : undefined)
    const next = inner === undefined ? undefined : edited(inner, rest, edit, value)
    if (next === undefined) return undefined
    members.set(step, next)
  }
  return Object.fromEntries(members)
}

function editedArray(
  root: readonly Value[],
  step: string,
  rest: readonly string[],
  edit: Edit,
  value: Value,
): Value | undefined {
  const isAppend = step === '-' && rest.length === 0 && edit !== 'remove'
  if (!isAppend && !/^(0|[1-9]\d*)$/.test(step)) return undefined
  const index = isAppend ? root.length : Number(step)
  const isBeyond = index > root.length || (index === root.length && !isAppend && edit !== 'insert')
  if (isBeyond) return undefined
  if (rest.length > 0) {
    const inner = root[index]
    const next = inner === undefined ? undefined : edited(inner, rest, edit, value)
    return next === undefined ? undefined : root.with(index, next)
  }
  if (edit === 'remove') return root.toSpliced(index, 1)
  return edit === 'insert' || isAppend ? root.toSpliced(index, 0, value) : root.with(index, value)
}
