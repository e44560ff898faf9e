import type { z } from 'zod'
import { formatConfigPath } from './config-error.ts'
import type { Interpolated } from './interpolate.ts'

/** The result of a parse, and the value that was parsed. */
export interface CoercedParse<T> {
  readonly value: unknown
  readonly result: z.ZodSafeParseResult<T>
}

/**
 * Parses an interpolated value. Interpolation yields text, so where the schema expects a number or a boolean and
 * the text came from a placeholder, the text is converted and the parse repeated.
 */
export function coerceInterpolated<S extends z.ZodType>(
  schema: S,
  interpolated: Interpolated,
): CoercedParse<z.output<S>> {
  const first = schema.safeParse(interpolated.value)
  if (first.success || interpolated.written.size === 0) {
    return { value: interpolated.value, result: first }
  }
  const wanted = new Map<string, string>()
  collect(first.error.issues, [], wanted)
  const value = replace(interpolated.value, [], (path, text) => {
    const expected = interpolated.written.has(path) ? wanted.get(path) : undefined
    return expected === undefined ? text : read(text, expected)
  })
  return { value, result: schema.safeParse(value) }
}

type Path = readonly (string | number)[]

function collect(
  issues: readonly z.core.$ZodIssue[],
  prefix: readonly PropertyKey[],
  wanted: Map<string, string>,
): void {
  for (const issue of issues) {
    const path = [...prefix, ...issue.path]
    if (issue.code === 'invalid_type') {
      wanted.set(formatConfigPath(path.filter((step) => typeof step !== 'symbol')), issue.expected)
    } else if (issue.code === 'invalid_union') {
      for (const branch of issue.errors) collect(branch, path, wanted)
    }
  }
}

function replace(
  item: unknown,
  path: Path,
  change: (path: string, text: string) => unknown,
): unknown {
  if (typeof item === 'string') return change(formatConfigPath(path), item)
  if (Array.isArray(item))
    return item.map((child, index) => replace(child, [...path, index], change))
  if (item === null || typeof item !== 'object') return item
  if (Object.getPrototypeOf(item) !== Object.prototype) return item
  const entries = Object.entries(item).map(([key, child]) => [
    key,
    replace(child, [...path, key], change),
  ])
  return Object.fromEntries(entries) as unknown
}

const TRUTH: Readonly<Record<string, boolean>> = { true: true, false: false }

function read(text: string, expected: string): unknown {
  if (expected === 'boolean') return Object.hasOwn(TRUTH, text) ? TRUTH[text] : text
  const isNumber = expected === 'number' || expected === 'int'
  return isNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}
