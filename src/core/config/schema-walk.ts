import { z } from 'zod'
import type { ConfigPath } from './config-error.ts'
import { formatConfigPath } from './config-error.ts'

const DEPTH_MAX = 64

/**
 * The schemas that may describe the value at `path` within `schema`: several where there is a union. Optional,
 * default, transform and similar wrappers are unwrapped.
 */
function schemasAt(schema: z.core.$ZodType, path: ConfigPath): z.core.$ZodType[] {
  let current = unwrap(schema)
  for (const step of path) current = current.flatMap((item) => childAt(item, step).flatMap(unwrap))
  return current
}

/** The keys that mappings at `path` may have, in order of declaration. */
export function allowedKeysAt(schema: z.core.$ZodType, path: ConfigPath): string[] {
  const keys = schemasAt(schema, path).flatMap((item) =>
    item instanceof z.core.$ZodObject ? Object.keys(item._zod.def.shape) : [],
  )
  return [...new Set(keys)]
}

function childAt(schema: z.core.$ZodType, step: string | number): z.core.$ZodType[] {
  if (schema instanceof z.core.$ZodObject) {
    const shape = schema._zod.def.shape
    const child = Object.hasOwn(shape, step) ? shape[String(step)] : schema._zod.def.catchall
    return child === undefined ? [] : [child]
  }
  if (schema instanceof z.core.$ZodArray) return [schema._zod.def.element]
  if (schema instanceof z.core.$ZodRecord) return [schema._zod.def.valueType]
  if (schema instanceof z.core.$ZodTuple) {
    const item = schema._zod.def.items[Number(step)] ?? schema._zod.def.rest
    return item === undefined || item === null ? [] : [item]
  }
  return []
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.core.$ZodUnion) return schema._zod.def.options.flatMap(unwrap)
  if (schema instanceof z.core.$ZodIntersection) {
    return [schema._zod.def.left, schema._zod.def.right].flatMap(unwrap)
  }
  if (schema instanceof z.core.$ZodPipe) return unwrap(schema._zod.def.in)
  if (schema instanceof z.core.$ZodLazy) return unwrap(schema._zod.def.getter())
  if (
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodNullable ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodPrefault ||
    schema instanceof z.core.$ZodNonOptional ||
    schema instanceof z.core.$ZodReadonly ||
    schema instanceof z.core.$ZodCatch
  ) {
    return unwrap(schema._zod.def.innerType)
  }
  return [schema]
}

function isSecretSchema(schema: z.core.$ZodType): boolean {
  const meta = z.globalRegistry.get(schema)
  return meta?.['writeOnly'] === true || meta?.['secret'] === true
}

/** Formatted paths of those scalars in `value` whose schema is marked `writeOnly` (as `secret()` is) or `secret`. */
export function secretPathsOf(schema: z.core.$ZodType, value: unknown): Set<string> {
  const found = new Set<string>()
  const walk = (schemas: readonly z.core.$ZodType[], item: unknown, path: ConfigPath): void => {
    if (item === null || typeof item !== 'object') {
      if (schemas.some(isSecretSchema)) found.add(formatConfigPath(path))
      return
    }
    if (path.length > DEPTH_MAX) return
    for (const [key, child] of Object.entries(item)) {
      const step = Array.isArray(item) ? Number(key) : key
      const next = schemas.flatMap((each) => childAt(each, step).flatMap(unwrap))
      if (next.length > 0) walk(next, child, [...path, step])
    }
  }
  walk(unwrap(schema), value, [])
  return found
}
