import { z } from 'zod'

/** A JSON Schema node (draft 2020-12): the part that is used here. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly description?: string
  readonly const?: string | number | boolean | null
  readonly enum?: readonly (string | number | boolean | null)[]
  readonly examples?: readonly (string | number | boolean)[]
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly required?: readonly string[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
}

/** How the schema is named. */
interface JsonSchemaOptions {
  readonly id: string
  readonly title: string
}

const INTERPOLATED = {
  type: 'string',
  pattern: String.raw`\$\{[^}]*\}`,
  description: 'A value from the environment, `${NAME}` or `${NAME:-default}`, or `${file:path}`.',
}

/**
 * The JSON Schema (draft 2020-12) of a configuration as people write it: before defaults and transforms. Where a
 * value is not free text, a placeholder such as `${PORT}` is accepted too, as by the loader.
 */
export function toEditorSchema(schema: z.ZodType, options: JsonSchemaOptions): JsonSchema {
  const generated = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  }) as JsonSchema
  const { $schema, ...body } = withPlaceholders(tidy(generated)) as JsonSchema
  const { $defs = {}, ...whole } = inlineRoot(body)
  const defined = { ...$defs, interpolated: INTERPOLATED }
  return { $schema, $id: options.id, ...whole, title: options.title, $defs: defined }
}

/** Zod replaces every named schema with a reference; the root one is put back in place of its own. */
function inlineRoot(body: JsonSchema): JsonSchema {
  const name = body.$ref?.replace('#/$defs/', '')
  const root = name === undefined ? undefined : body.$defs?.[name]
  if (name === undefined || root === undefined) return body
  const others = Object.entries(body.$defs ?? {}).filter(([key]) => key !== name)
  return { ...root, $defs: Object.fromEntries(others) }
}

const FORMATS = new Set(['date', 'date-time', 'email', 'ipv4', 'ipv6', 'uri', 'uuid'])

/**
 * Keeps only what JSON Schema defines: zod's own validator and formats are dropped, and the mark `secret` becomes
 * `writeOnly`.
 */
const tidy = (schema: JsonSchema): JsonSchema =>
  JSON.parse(
    JSON.stringify({ ...schema, '~standard': undefined }, (key, value: unknown) => {
      if (key === 'format' && typeof value === 'string' && !FORMATS.has(value)) return undefined
      if (value === null || typeof value !== 'object' || !('secret' in value)) return value
      const { secret, ...rest } = value
      return secret === true ? { ...rest, writeOnly: true } : value
    }),
  ) as JsonSchema

const RESTRICTED = ['pattern', 'format', 'enum', 'const', 'minLength'] as const

function withPlaceholders(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withPlaceholders)
  if (node === null || typeof node !== 'object') return node
  const schema = node as JsonSchema
  if (isRestrictedScalar(schema)) {
    const { description, default: standard, examples, deprecated, ...rest } = schema
    return {
      ...definedOnly({ description, default: standard, examples, deprecated }),
      anyOf: [rest, { $ref: '#/$defs/interpolated' }],
    }
  }
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    SUBSCHEMAS.has(key)
      ? withPlaceholders(value)
      : SUBSCHEMA_MAPS.has(key)
        ? mapValues(value as Readonly<Record<string, unknown>>)
        : value,
  ])
  return Object.fromEntries(entries) as unknown
}

const SUBSCHEMAS = new Set([
  'items',
  'prefixItems',
  'additionalProperties',
  'anyOf',
  'oneOf',
  'allOf',
])
const SUBSCHEMA_MAPS = new Set(['properties', '$defs'])

const mapValues = (map: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, withPlaceholders(value)]))

function isRestrictedScalar(schema: JsonSchema): boolean {
  if (schema.type === 'number' || schema.type === 'integer' || schema.type === 'boolean')
    return true
  return schema.type === 'string' && RESTRICTED.some((keyword) => schema[keyword] !== undefined)
}

const definedOnly = (object: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
