import { parse as parseYaml } from 'yaml'
import type { Value } from '../../rego/index.ts'
import { parseJson } from '../../rego/index.ts'
import { BundleError } from './bundle-error.ts'

/** A JSON object, the building block of data. */
export type Document = Readonly<Record<string, Value>>

/** Whether a value is a JSON object, and not one of the engine's own kinds. */
export function isDocument(value: Value | undefined): value is Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether the name of a file says that it holds data. */
export const isDataFile = (name: string): boolean => /\.(json|ya?ml)$/.test(name)

/**
 * Parses a data file: JSON (without loss of digits) or YAML.
 *
 * @throws BundleError that names the file.
 */
export function parseDocument(name: string, text: string): Value {
  try {
    return parseJson(name.endsWith('.json') ? text : JSON.stringify(parseYaml(text) ?? {}))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new BundleError(`${name}: ${reason.split('\n', 1)[0]}`, { cause })
  }
}

/** An object with one value, at a path: `place(['a', 'b'], 1)` is `{ a: { b: 1 } }`. */
export const place = (path: readonly string[], value: Value): Value =>
  path.reduceRight<Value>((inner, step) => Object.fromEntries([[step, inner]]), value)

/**
 * Merges objects at every depth.
 *
 * @throws BundleError when both have a value at the same path and either is not an object.
 */
export function mergeDocuments(base: Document, more: Value, at: readonly string[] = []): Document {
  if (!isDocument(more)) throw new BundleError(`data${pathText(at)} is not an object`)
  const merged = new Map<string, Value>(Object.entries(base))
  for (const [key, value] of Object.entries(more)) {
    const before = merged.get(key)
    const path = [...at, key]
    if (before === undefined) merged.set(key, value)
    else if (isDocument(before) && isDocument(value)) {
      merged.set(key, mergeDocuments(before, value, path))
    } else throw new BundleError(`data${pathText(path)} is defined twice`)
  }
  return Object.fromEntries(merged)
}

const pathText = (path: readonly string[]): string => path.map((step) => `.${step}`).join('')
