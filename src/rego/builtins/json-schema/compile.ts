import {
  compareNumbers,
  equals,
  isArray,
  isInteger,
  isNumber,
  isPlainObject,
  objectGet,
  toDouble,
} from '../../values/index.ts'
import type { PlainObject, RNumber, Value } from '../../values/index.ts'
import { compilePattern } from '../regex/pattern.ts'
import { BuiltinError } from '../types.ts'
import { References } from './references.ts'
import { emptySchema } from './schema.ts'
import type { Schema } from './schema.ts'

/** The drafts whose rules differ; a schema that names none may mix them. */
type Draft = 4 | 6 | 7 | 'mixed'

const TYPES: ReadonlySet<string> = new Set([
  'array',
  'boolean',
  'integer',
  'number',
  'null',
  'object',
  'string',
])
const VALID_TYPES = '[array boolean integer number null object string]'
const DRAFTS: readonly (readonly [RegExp, Draft])[] = [
  [/^https?:\/\/json-schema\.org\/draft-04\/schema#?$/, 4],
  [/^https?:\/\/json-schema\.org\/draft-06\/schema#?$/, 6],
  [/^https?:\/\/json-schema\.org\/draft-07\/schema#?$/, 7],
]
const NESTING_MAX = 500

function invalidType(expected: string, given: string): BuiltinError {
  return new BuiltinError(`Invalid type. Expected: ${expected}, given: ${given}`)
}

/**
 * Compiles a JSON Schema of draft 4, 6 or 7. References must stay within the document: nothing is fetched.
 * @throws BuiltinError that says what is wrong with the schema.
 */
export function compileSchema(document: Value): Schema {
  if (typeof document !== 'boolean' && !isPlainObject(document))
    throw new BuiltinError('schema is invalid')
  return new Compiler(document).compile(document, 0)
}

function draftOf(document: Value): Draft {
  const named = isPlainObject(document) ? objectGet(document, '$schema') : undefined
  if (named === undefined) return 'mixed'
  if (typeof named !== 'string') throw new BuiltinError('$schema must be of type string')
  return DRAFTS.find(([pattern]) => pattern.test(named))?.[1] ?? 'mixed'
}

class Compiler {
  readonly #draft: Draft
  readonly #references: References
  readonly #compiled = new Map<string, Schema>()

  constructor(document: Value) {
    this.#draft = draftOf(document)
    this.#references = new References(document)
  }

  compile(node: Value, depth: number): Schema {
    if (depth > NESTING_MAX) throw new BuiltinError('schema is nested too deeply')
    const schema = emptySchema()
    if (typeof node === 'boolean' && this.#since(6)) return { ...schema, pass: node }
    if (!isPlainObject(node)) throw new BuiltinError('Expected: Valid Schema, given: Invalid JSON')
    this.#fill(schema, node, depth + 1)
    return schema
  }

  #since(draft: 6 | 7): boolean {
    return this.#draft === 'mixed' || this.#draft >= draft
  }

  #fill(schema: Schema, node: PlainObject, depth: number): void {
    this.#checkDefinitions(node, depth)
    for (const annotation of ['title', 'description']) stringAt(node, annotation)
    const reference = stringAt(node, '$ref')
    if (reference !== undefined) {
      schema.reference = this.#referenced(reference, depth)
      return
    }
    schema.types = typesOf(node)
    this.#objects(schema, node, depth)
    this.#arrays(schema, node, depth)
    this.#numbers(schema, node)
    strings(schema, node)
    this.#values(schema, node)
    this.#combinations(schema, node, depth)
  }

  #checkDefinitions(node: PlainObject, depth: number): void {
    const definitions = objectGet(node, 'definitions')
    if (definitions === undefined) return
    if (!isPlainObject(definitions)) throw invalidType('Array Of Schemas', 'definitions')
    for (const definition of Object.values(definitions)) {
      if (!isSchema(definition)) throw invalidType('Array Of Schemas', 'definitions')
      this.compile(definition, depth)
    }
  }

  #referenced(reference: string, depth: number): Schema {
    const known = this.#compiled.get(reference)
    if (known !== undefined) return known
    const target = this.#references.resolve(reference)
    const schema = emptySchema()
    this.#compiled.set(reference, schema)
    if (!isSchema(target)) throw new BuiltinError('Valid Schema must be of type object')
    if (typeof target === 'boolean') schema.pass = target
    else this.#fill(schema, target, depth)
    return schema
  }

  #objects(schema: Schema, node: PlainObject, depth: number): void {
    const properties = objectGet(node, 'properties')
    if (properties !== undefined) {
      if (!isPlainObject(properties)) throw new BuiltinError('Properties must be of type object')
      schema.properties = this.#schemaMap(properties, depth)
    }
    const additional = this.#booleanOrSchema(node, 'additionalProperties', depth)
    if (additional !== undefined) schema.additionalProperties = additional
    const patterns = objectGet(node, 'patternProperties')
    if (patterns !== undefined) {
      if (!isPlainObject(patterns)) throw invalidType('Valid Schema', 'patternProperties')
      schema.patternProperties = Array.from(this.#schemaMap(patterns, depth), ([source, inner]) => {
        return [patternOf(source, `Invalid regex pattern '${source}'`), inner] as const
      })
    }
    const names = this.#since(6) ? objectGet(node, 'propertyNames') : undefined
    if (names !== undefined) {
      if (!isSchema(names)) throw invalidType('Valid Schema', 'patternProperties')
      schema.propertyNames = this.compile(names, depth)
    }
    schema.dependencies = this.#dependencies(node, depth)
    schema.required = requiredOf(node)
    limits(schema, node, 'minProperties', 'maxProperties')
  }

  #schemaMap(node: PlainObject, depth: number): Map<string, Schema> {
    const entries = Object.keys(node).sort()
    return new Map(entries.map((name) => [name, this.compile(node[name]!, depth)]))
  }

  #booleanOrSchema(node: PlainObject, key: string, depth: number): boolean | Schema | undefined {
    const value = objectGet(node, key)
    if (value === undefined || typeof value === 'boolean') return value
    if (!isPlainObject(value)) throw invalidType('boolean/Valid Schema', key)
    return this.compile(value, depth)
  }

  #dependencies(node: PlainObject, depth: number): Map<string, readonly string[] | Schema> {
    const dependencies = objectGet(node, 'dependencies')
    const compiled = new Map<string, readonly string[] | Schema>()
    if (dependencies === undefined) return compiled
    if (!isPlainObject(dependencies)) throw new BuiltinError('dependencies must be of type object')
    for (const [name, value] of Object.entries(dependencies)) {
      const names = isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
      const isValid = isArray(value) ? names?.length === value.length : isSchema(value)
      if (!isValid) throw new BuiltinError('Dependency must be of type Schema Or Array Of Strings')
      compiled.set(name, names ?? this.compile(value, depth))
    }
    return compiled
  }

  #arrays(schema: Schema, node: PlainObject, depth: number): void {
    const items = objectGet(node, 'items')
    if (items !== undefined) {
      const list = isArray(items) ? items : [items]
      if (!list.every(isSchema)) throw invalidType('Valid Schema/Array Of Schemas', 'items')
      schema.items = isArray(items)
        ? list.map((item) => this.compile(item, depth))
        : this.compile(items, depth)
    }
    const additional = this.#booleanOrSchema(node, 'additionalItems', depth)
    if (additional !== undefined) schema.additionalItems = additional
    limits(schema, node, 'minItems', 'maxItems', false)
    const unique = objectGet(node, 'uniqueItems')
    if (unique !== undefined && typeof unique !== 'boolean')
      throw new BuiltinError('uniqueItems must be of a boolean')
    schema.uniqueItems = unique ?? false
    const contains = this.#since(6) ? objectGet(node, 'contains') : undefined
    if (contains !== undefined) schema.contains = this.compile(contains, depth)
  }

  #numbers(schema: Schema, node: PlainObject): void {
    const multiple = objectGet(node, 'multipleOf')
    if (multiple !== undefined) {
      if (!isNumber(multiple)) throw invalidType('Number', 'multipleOf')
      if (compareNumbers(multiple, 0) <= 0)
        throw new BuiltinError('multipleOf must be strictly greater than 0')
      schema.multipleOf = multiple
    }
    this.#bound(schema, node, 'minimum', 'exclusiveMinimum')
    this.#bound(schema, node, 'maximum', 'exclusiveMaximum')
  }

  /** Exclusive bounds are flags in draft 4, and numbers in later drafts. */
  #bound(
    schema: Schema,
    node: PlainObject,
    bound: 'minimum' | 'maximum',
    exclusive: 'exclusiveMinimum' | 'exclusiveMaximum',
  ): void {
    const value = objectGet(node, bound)
    if (value !== undefined) schema[bound] = numberOrFail(value, bound)
    const flag = objectGet(node, exclusive)
    if (flag === undefined) return
    if (isNumber(flag) && this.#draft !== 4) schema[exclusive] = flag
    else if (typeof flag === 'boolean' && (this.#draft === 4 || this.#draft === 'mixed')) {
      const plain = schema[bound]
      if (plain === undefined)
        throw new BuiltinError(`${exclusive} cannot be used without ${bound}`)
      if (flag) {
        schema[exclusive] = plain
        delete schema[bound]
      }
    } else
      throw invalidType(
        this.#draft === 4 ? 'boolean' : this.#draft === 'mixed' ? 'boolean/number' : 'number',
        exclusive,
      )
  }

  #values(schema: Schema, node: PlainObject): void {
    const constant = this.#since(6) ? objectGet(node, 'const') : undefined
    if (constant !== undefined) schema.constant = { value: constant }
    const values = listAt(node, 'enum')
    if (values === undefined) return
    if (values.some((value, i) => values.findIndex((other) => equals(other, value)) < i)) {
      throw new BuiltinError('enum items must be unique')
    }
    schema.enumeration = values
  }

  #combinations(schema: Schema, node: PlainObject, depth: number): void {
    for (const key of ['oneOf', 'anyOf', 'allOf'] as const) {
      schema[key] = (listAt(node, key) ?? []).map((item) => this.compile(item, depth))
    }
    const single = (key: string): Schema | undefined => {
      const value = objectGet(node, key)
      if (value === undefined) return undefined
      if (!isSchema(value)) throw new BuiltinError(`${key} must be of an object`)
      return this.compile(value, depth)
    }
    const not = single('not')
    if (not !== undefined) schema.not = not
    if (!this.#since(7)) return
    const [condition, consequence, alternative] = [single('if'), single('then'), single('else')]
    if (condition !== undefined) schema.condition = condition
    if (consequence !== undefined) schema.consequence = consequence
    if (alternative !== undefined) schema.alternative = alternative
  }
}

function isSchema(value: Value): value is boolean | PlainObject {
  return typeof value === 'boolean' || isPlainObject(value)
}

function stringAt(node: PlainObject, key: string): string | undefined {
  const value = objectGet(node, key)
  if (value !== undefined && typeof value !== 'string') throw invalidType('string', key)
  return value
}

function listAt(node: PlainObject, key: string): readonly Value[] | undefined {
  const value = objectGet(node, key)
  if (value !== undefined && !isArray(value)) throw new BuiltinError(`${key} must be of an array`)
  return value
}

function numberOrFail(value: Value, key: string): RNumber {
  if (!isNumber(value)) throw new BuiltinError(`${key} must be of a Number`)
  return value
}

function patternOf(source: string, message: string): ReturnType<typeof compilePattern> {
  try {
    return compilePattern(source)
  } catch {
    throw new BuiltinError(message)
  }
}

function typesOf(node: PlainObject): string[] {
  const type = objectGet(node, 'type')
  if (type === undefined) return []
  const names = isArray(type) ? type : [type]
  const types: string[] = []
  for (const name of names) {
    if (typeof name !== 'string') throw invalidType('type', 'string/Array Of Strings')
    if (!TYPES.has(name)) {
      const what = 'has a primitive type that is NOT VALID'
      throw new BuiltinError(`${what} -- given: /${name}/ Expected valid values are:${VALID_TYPES}`)
    }
    if (types.includes(name)) throw new BuiltinError(`${name} type is duplicated`)
    types.push(name)
  }
  return types
}

function requiredOf(node: PlainObject): readonly string[] {
  const names: string[] = []
  for (const name of listAt(node, 'required') ?? []) {
    if (typeof name !== 'string') throw invalidType('string', 'required')
    if (names.includes(name)) throw new BuiltinError('required items must be unique')
    names.push(name)
  }
  return names
}

type LimitKey =
  | 'minLength'
  | 'maxLength'
  | 'minProperties'
  | 'maxProperties'
  | 'minItems'
  | 'maxItems'

function limits(
  schema: Schema,
  node: PlainObject,
  low: LimitKey,
  high: LimitKey,
  ordered = true,
): void {
  for (const key of [low, high]) {
    const value = objectGet(node, key)
    if (value === undefined) continue
    if (!isNumber(value) || !isInteger(value))
      throw new BuiltinError(`${key} must be of an integer`)
    if (compareNumbers(value, 0) < 0)
      throw new BuiltinError(`${key} must be greater than or equal to 0`)
    schema[key] = toDouble(value)
  }
  const [from, to] = [schema[low], schema[high]]
  if (ordered && from !== undefined && to !== undefined && from > to) {
    throw new BuiltinError(`${low} cannot be greater than ${high}`)
  }
}

function strings(schema: Schema, node: PlainObject): void {
  limits(schema, node, 'minLength', 'maxLength')
  const pattern = stringAt(node, 'pattern')
  if (pattern !== undefined) {
    schema.pattern = patternOf(pattern, 'pattern must be a valid regex')
    schema.patternSource = pattern
  }
  const format = stringAt(node, 'format')
  if (format !== undefined) schema.format = format
}
