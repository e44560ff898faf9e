import type { JsonSchema } from './spec.ts'

type Fits = (value: unknown) => boolean

const isText: Fits = (value) => typeof value === 'string'
const isNumber: Fits = (value) => typeof value === 'number' && Number.isFinite(value)
const isCount: Fits = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isBoolean: Fits = (value) => typeof value === 'boolean'
const isAnything: Fits = () => true

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TYPES: ReadonlySet<unknown> = new Set([
  'array',
  'boolean',
  'integer',
  'null',
  'number',
  'object',
  'string',
])
const isType: Fits = (value) => TYPES.has(value)
const isTypes: Fits = (value) =>
  isType(value) || (Array.isArray(value) && value.length > 0 && value.every(isType) && isSet(value))

const isSet = (values: readonly unknown[]): boolean => new Set(values).size === values.length
const isNames: Fits = (value) => Array.isArray(value) && value.every(isText) && isSet(value)
const isSchema: Fits = (value) =>
  typeof value === 'boolean' || (isObject(value) && isPlainSchema(value))
const isSchemas: Fits = (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema)
const isSchemaMap: Fits = (value) => isObject(value) && Object.values(value).every(isSchema)

const isBounds: Fits = (value) =>
  isObject(value) &&
  Object.keys(value).length === 2 &&
  isNumber(value['minimum']) &&
  isNumber(value['maximum'])

/** The values that each keyword allows, for keywords where that is simple to say. */
const KEYWORDS: ReadonlyMap<string, Fits> = new Map<string, Fits>([
  ...(['title', 'description', '$comment', 'pattern', 'format'] as const).map(
    (name): [string, Fits] => [name, isText],
  ),
  ...(['maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum'] as const).map(
    (name): [string, Fits] => [name, isNumber],
  ),
  ...(
    [
      'maxLength',
      'minLength',
      'maxItems',
      'minItems',
      'maxProperties',
      'minProperties',
      'maxContains',
      'minContains',
    ] as const
  ).map((name): [string, Fits] => [name, isCount]),
  ...(['default', 'const'] as const).map((name): [string, Fits] => [name, isAnything]),
  ...(['properties', 'patternProperties', '$defs', 'dependentSchemas'] as const).map(
    (name): [string, Fits] => [name, isSchemaMap],
  ),
  ...(['allOf', 'anyOf', 'oneOf', 'prefixItems'] as const).map((name): [string, Fits] => [
    name,
    isSchemas,
  ]),
  ...(
    [
      'items',
      'contains',
      'additionalProperties',
      'propertyNames',
      'unevaluatedItems',
      'unevaluatedProperties',
      'if',
      'then',
      'else',
      'not',
    ] as const
  ).map((name): [string, Fits] => [name, isSchema]),
  ['type', isTypes],
  ['required', isNames],
  ['uniqueItems', isBoolean],
  ['enum', Array.isArray],
  ['examples', Array.isArray],
  ['vector3', isBounds],
  ['$ref', (value) => typeof value === 'string' && /^[\w.~$/#-]+$/.test(value)],
])

/**
 * Whether a schema is well-formed beyond doubt: it has only common keywords, each with a value that the metaschema of
 * draft 2020-12 allows. Most schemas are, and compiling the metaschema to check them costs a tenth of a second. `false`
 * proves nothing: the schema must then be validated with the metaschema.
 */
export function isPlainSchema(schema: JsonSchema): boolean {
  return Object.entries(schema).every(([keyword, value]) => KEYWORDS.get(keyword)?.(value) ?? false)
}
