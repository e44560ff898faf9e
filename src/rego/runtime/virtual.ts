import { isObject, makeObject, objectEntries } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { RuleNode } from '../compile/tree.ts'
import { get, getPath } from './get.ts'
import { someEntry } from './iterate.ts'

/** A value, or a place that has rules beneath it. */
export type Handle = Value | RuleNode

/** What walking documents with rules needs from the evaluation. */
export interface Documents {
  data(): Value | undefined
  /** Whether a `with` replaces everything at the node. */
  hidden(node: RuleNode): boolean
  /** Whether rules at the node define a document. */
  defines(node: RuleNode): boolean
  evaluate(node: RuleNode): Value | undefined
}

function childHandle(documents: Documents, child: RuleNode): Handle | undefined {
  if (documents.hidden(child)) return getPath(documents.data(), child.path)
  if (documents.defines(child)) return documents.evaluate(child)
  if (child.children.size > 0 || child.isPackage) return child
  return getPath(documents.data(), child.path)
}

/** Looks up a key in a handle. */
export function virtualGet(
  documents: Documents,
  handle: Handle | undefined,
  key: Value,
): Handle | undefined {
  if (!(handle instanceof RuleNode)) return get(handle, key)
  const child = typeof key === 'string' ? handle.children.get(key) : undefined
  if (child !== undefined) return childHandle(documents, child)
  return get(getPath(documents.data(), handle.path), key)
}

/** The whole value of a handle. */
export function virtualForce(documents: Documents, handle: Handle | undefined): Value | undefined {
  if (!(handle instanceof RuleNode)) return handle
  if (documents.hidden(handle)) return getPath(documents.data(), handle.path)
  const base = getPath(documents.data(), handle.path)
  const entries = new Map<Value, Value>()
  if (base !== undefined && isObject(base))
    for (const [key, value] of objectEntries(base)) entries.set(key, value)
  for (const child of handle.children.values()) {
    const value = virtualForce(documents, childHandle(documents, child))
    if (value !== undefined)
      entries.set(
        child.name,
        documents.defines(child) ? merge(entries.get(child.name), value) : value,
      )
  }
  return makeObject(entries)
}

/** A base document with what rules add to it; where both have a value, the base document wins. */
function merge(base: Value | undefined, value: Value): Value {
  if (base === undefined) return value
  if (!isObject(base) || !isObject(value)) return base
  const entries = new Map<Value, Value>(objectEntries(base))
  for (const [key, item] of objectEntries(value)) entries.set(key, merge(entries.get(key), item))
  return makeObject(entries)
}

/** Calls back for each key and handle beneath a handle, until the callback returns `true`. */
export function virtualSome(
  documents: Documents,
  handle: Handle | undefined,
  visit: (key: Value, item: Handle) => boolean,
): boolean {
  if (!(handle instanceof RuleNode)) return someEntry(handle, true, visit)
  for (const child of [...handle.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const item = childHandle(documents, child)
    if (item !== undefined && visit(child.name, item)) return true
  }
  const base = getPath(documents.data(), handle.path)
  return someEntry(base, true, (key, item) => {
    if (typeof key === 'string' && handle.children.has(key)) return false
    return visit(key, item)
  })
}
