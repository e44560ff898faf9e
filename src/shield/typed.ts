import type { JsonSchema, RequestError } from './spec.ts'
import { pointerTo } from './pointer.ts'

/** What a parameter's schema allows it to be. */
interface ParameterType {
  readonly scalars: ReadonlySet<string>
  /** Type of the items, if it may be a list. */
  readonly items: ParameterType | undefined
}

/** Converts text to the types that its schema asks for. */
export interface TypedReader {
  /** Names that the schema mentions. */
  readonly names: readonly string[]
  /**
   * The value of a parameter. Text that cannot be converted as the schema asks stays text, for the schema to refuse. A
   * repeated parameter is an error unless the schema allows a list: of two values, one program takes the first, another
   * the last.
   */
  read(name: string, values: readonly string[], errors: RequestError[]): unknown
}

const STRING: ParameterType = { scalars: new Set(['string']), items: undefined }
const REFERENCES_MAX = 16

// A JSON number (RFC 8259 §6), so `0x10`, `1_000` and ` 1` are none.
const NUMBER = /^-?(?:0|[1-9][0-9]{0,308})(?:\.[0-9]{1,308})?(?:[eE][+-]?[0-9]{1,3})?$/

/**
 * Compiles the types of an object schema's properties.
 *
 * @param where the first token of pointers: `path`, `query`, `headers` or `body`
 * @param resolve finds what a `$ref` refers to
 */
export function compileTypedReader(
  where: string,
  schema: JsonSchema,
  resolve: (reference: string) => JsonSchema | undefined,
): TypedReader {
  const types = new Map<string, ParameterType>()
  const collect = (part: JsonSchema, depth: number): void => {
    if (depth > REFERENCES_MAX) return
    for (const [name, property] of Object.entries(asSchema(part['properties']) ?? {})) {
      types.set(name, typeOf(asSchema(property) ?? {}, resolve, 0))
    }
    const { $ref, required } = part
    if (Array.isArray(required)) {
      for (const name of required) if (!types.has(String(name))) types.set(String(name), STRING)
    }
    const referred = typeof $ref === 'string' ? resolve($ref) : undefined
    if (referred !== undefined) collect(referred, depth + 1)
    for (const inner of asSchemas(part['allOf'])) collect(inner, depth + 1)
  }
  collect(schema, 0)
  return {
    names: [...types.keys()],
    read(name, values, errors) {
      const { scalars, items } = types.get(name) ?? STRING
      if (items !== undefined && (values.length > 1 || !scalars.has('string'))) {
        return values.map((value) => readScalar(value, items.scalars))
      }
      if (values.length > 1) {
        errors.push({ pointer: pointerTo(where, name), message: 'must be given once' })
      }
      return readScalar(values[0] ?? '', scalars)
    },
  }
}

function readScalar(text: string, scalars: ReadonlySet<string>): unknown {
  if (scalars.has('string')) return text
  if ((scalars.has('number') || scalars.has('integer')) && NUMBER.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : text
  }
  if (scalars.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function typeOf(
  schema: JsonSchema,
  resolve: (reference: string) => JsonSchema | undefined,
  depth: number,
): ParameterType {
  if (depth > REFERENCES_MAX) return STRING
  const { $ref, type, enum: values, items } = schema
  const scalars = new Set<string>([type].flat().filter((name) => typeof name === 'string'))
  const known = 'const' in schema ? [schema['const']] : values
  if (scalars.size === 0 && Array.isArray(known))
    for (const value of known) scalars.add(typeof value)
  let listOf = scalars.has('array') ? typeOf(asSchema(items) ?? {}, resolve, depth + 1) : undefined
  const referred = typeof $ref === 'string' ? resolve($ref) : undefined
  const parts = [
    ...(referred === undefined ? [] : [referred]),
    ...['anyOf', 'oneOf', 'allOf'].flatMap((keyword) => asSchemas(schema[keyword])),
  ]
  for (const part of parts) {
    const inner = typeOf(part, resolve, depth + 1)
    for (const scalar of inner === STRING ? [] : inner.scalars) scalars.add(scalar)
    listOf ??= inner.items
  }
  if (scalars.size === 0) return STRING
  return { scalars, items: listOf }
}

const asSchema = (value: unknown): JsonSchema | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonSchema)
    : undefined

const asSchemas = (value: unknown): readonly JsonSchema[] =>
  Array.isArray(value) ? value.map(asSchema).filter((schema) => schema !== undefined) : []
