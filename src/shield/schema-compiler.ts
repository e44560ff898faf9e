import type { ErrorObject, RegExpEngine } from 'ajv/dist/types/index.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { findEndless } from './endless-references.ts'
import { FORMATS } from './formats.ts'
import { compileEcmaPattern } from '../rego/patterns.ts'
import { isPlainSchema } from './plain-schema.ts'
import type { SchemaPath } from './schema-paths.ts'
import { findUnsafe, locateQuoted } from './schema-paths.ts'
import type { Compiled, JsonSchema, SchemaProblem } from './spec.ts'
import { areItemsUnique } from './unique-items.ts'
import type { Vector3Bounds } from './vector3.ts'
import { vector3 } from './vector3.ts'
import { messageOf } from '../core/error-message.ts'

/** A compiled schema. */
export interface SchemaCheck {
  /** Whether a value is valid. */
  accepts(value: unknown): boolean
  /** What is wrong with a value: everything with `all`, otherwise the first error. */
  explain(value: unknown, all: boolean): readonly ErrorObject[]
}

/** Compiles JSON Schemas that may refer to a set of named ones. */
export interface SchemaCompiler {
  compile(schema: JsonSchema, path: SchemaPath): Compiled<SchemaCheck>
  /** The named schema, or the part of one, that a `$ref` of this configuration refers to. */
  resolve(root: JsonSchema, reference: string): JsonSchema | undefined
}

/**
 * Creates a {@link SchemaCompiler} for draft 2020-12. Unknown keywords and formats are errors; nothing is fetched,
 * coerced, defaulted or removed. Schemas are compiled to JavaScript at load; the variant that collects all errors is
 * compiled only when the first value has to be explained.
 *
 * Where Ajv departs from the draft: beside `contains`, `unevaluatedItems: false` refuses nothing; a `$dynamicRef` whose
 * `$dynamicAnchor` is in the same resource but was not passed on the way finds nothing and refuses (use `$ref` there);
 * `minContains: 0` needs `maxContains`; vocabularies are ignored.
 */
export function createSchemaCompiler(
  schemas: Readonly<Record<string, JsonSchema>>,
): Compiled<SchemaCompiler> {
  const find = (root: JsonSchema, reference: string): JsonSchema | undefined =>
    resolve(schemas, root, reference)
  // Each takes milliseconds to set up, so only those that are needed are.
  const fast = lazy(() => createAjv(schemas, false))
  const thorough = lazy(() => createAjv(schemas, true))
  const compile = (schema: JsonSchema, path: SchemaPath): Compiled<SchemaCheck> => {
    const unsafe = [...findUnsafe(schema), ...findEndless(schema, find)]
    if (unsafe.length > 0) {
      const problems = unsafe.map(({ path: within, message }) => ({
        path: [...path, ...within],
        message,
      }))
      return { ok: false, problems }
    }
    try {
      const misshapen = validateShape(fast(), schema, path)
      if (misshapen !== undefined) return { ok: false, problems: [misshapen] }
      return { ok: true, value: createCheck(fast(), thorough, schema) }
    } catch (error) {
      return { ok: false, problems: [describe(error, schema, path)] }
    }
  }
  const problems = Object.entries(schemas).flatMap(([name, schema]) => {
    const compiled = compile(schema, [name])
    return compiled.ok ? [] : compiled.problems
  })
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, value: { compile, resolve: find } }
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function createCheck(fast: Ajv2020, thorough: () => Ajv2020, schema: JsonSchema): SchemaCheck {
  const accepts = fast.compile(schema)
  const collecting = lazy(() => thorough().compile(schema))
  return {
    accepts: (value) => accepts(value),
    explain(value, all) {
      const validate = all ? collecting() : accepts
      return validate(value) ? [] : (validate.errors ?? [])
    },
  }
}

function createAjv(schemas: Readonly<Record<string, JsonSchema>>, allErrors: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowUnionTypes: true,
    ownProperties: true,
    // Decimals such as 0.01 have no exact double; 0.07 must count as a multiple all the same.
    multipleOfPrecision: 9,
    discriminator: true,
    // Validated separately, to know where an error is.
    validateSchema: false,
    logger: false,
    // Optimizing takes longer than compiling, and does not make the checks faster.
    code: { regExp: safeRegExp, optimize: false },
    formats: FORMATS,
  })
  // Keywords of the draft (core §8.2.2) and of OpenAPI that check nothing themselves.
  ajv.addVocabulary(['$anchor', 'example', 'externalDocs', 'xml'])
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    errors: false,
    validate: (isWanted: boolean, items: readonly unknown[]) => !isWanted || areItemsUnique(items),
  })
  ajv.addKeyword({
    keyword: 'vector3',
    metaSchema: {
      type: 'object',
      properties: { minimum: { type: 'number' }, maximum: { type: 'number' } },
      required: ['minimum', 'maximum'],
      additionalProperties: false,
    },
    macro: (bounds: Vector3Bounds) => ({ ...vector3(bounds) }),
  })
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name)
  return ajv
}

const safeRegExp: RegExpEngine = Object.assign(
  (source: string) => {
    const compiled = compileEcmaPattern(source)
    if (!compiled.ok) throw new SyntaxError(compiled.message)
    return compiled.matcher
  },
  { code: 'safeRegExp' },
)

/** Why a schema is not valid by its draft's metaschema, if it is not. */
function validateShape(
  ajv: Ajv2020,
  schema: JsonSchema,
  path: SchemaPath,
): SchemaProblem | undefined {
  if (isPlainSchema(schema) || ajv.validateSchema(schema) === true) return undefined
  const [error] = ajv.errors ?? []
  const within = (error?.instancePath ?? '').split('/').slice(1).map(unescapePointer)
  const message = `not a JSON Schema: ${error?.message ?? 'invalid'}`
  return { path: [...path, ...within], message }
}

function describe(error: unknown, schema: JsonSchema, path: SchemaPath): SchemaProblem {
  const text = messageOf(error)
  const message = text
    .replace(/^strict mode: /, '')
    .replace(/ ignored in schema at path.*$/, '')
    .replace(/ from id .*$/, '')
  return { path: [...path, ...locateQuoted(schema, text)], message }
}

/** Follows `#/…`, `name` and `name#/…`. */
function resolve(
  schemas: Readonly<Record<string, JsonSchema>>,
  root: JsonSchema,
  reference: string,
): JsonSchema | undefined {
  const [name = '', pointer = ''] = reference.split('#')
  if (name !== '' && !Object.hasOwn(schemas, name)) return undefined
  let found: unknown = name === '' ? root : schemas[name]
  for (const part of pointer.split('/').slice(1).map(unescapePointer)) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as JsonSchema)[part]
  }
  return typeof found === 'object' && found !== null ? (found as JsonSchema) : undefined
}

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
