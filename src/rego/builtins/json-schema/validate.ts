import {
  compareNumbers,
  divide,
  equals,
  hash,
  isArray,
  isInteger,
  isNumber,
  isPlainObject,
  numberText,
  stringifyJson,
} from '../../values/index.ts'
import type { PlainObject, RNumber, Value } from '../../values/index.ts'
import { codePointCount } from '../code-points.ts'
import { BuiltinError } from '../types.ts'
import { hasFormat } from './formats.ts'
import type { Schema } from './schema.ts'

/** What a document violates, and where. */
export interface Violation {
  readonly type: string
  readonly field: string
  readonly description: string
}

const DEPTH_MAX = 1_000

/** The violations found by one schema, and how close the value came to passing. */
class Outcome {
  readonly violations: Violation[] = []
  score = 0

  get valid(): boolean {
    return this.violations.length === 0
  }

  merge(other: Outcome | undefined): void {
    if (other === undefined) return
    this.violations.push(...other.violations)
    this.score += other.score
  }
}

/** Validates a document; the violations are in the order of the schema's keywords. */
export function validate(schema: Schema, document: Value): readonly Violation[] {
  const validator = new Validator()
  return validator.validate(schema, document, []).violations
}

class Validator {
  #depth = 0

  validate(schema: Schema, value: Value, path: readonly string[]): Outcome {
    const outcome = new Outcome()
    this.#into(outcome, schema, value, path)
    return outcome
  }

  #into(outcome: Outcome, schema: Schema, value: Value, path: readonly string[]): void {
    if (++this.#depth > DEPTH_MAX) throw new BuiltinError('the schema recurs without end')
    this.#check(outcome, schema, value, path)
    this.#depth--
  }

  #check(outcome: Outcome, schema: Schema, value: Value, path: readonly string[]): void {
    const add = (type: string, description: string): void => fail(outcome, path, type, description)
    if (schema.pass !== undefined) {
      if (!schema.pass) add('false', 'False always fails validation')
      return
    }
    if (schema.reference !== undefined) {
      this.#into(outcome, schema.reference, value, path)
      return
    }
    if (!checkType(schema, value, add)) return
    this.#combinations(outcome, schema, value, path)
    if (isNumber(value)) checkNumber(outcome, schema, value, add)
    else if (isArray(value)) this.#array(outcome, schema, value, path)
    else if (isPlainObject(value)) this.#object(outcome, schema, value, path)
    checkCommon(outcome, schema, value, path)
    if (typeof value === 'string') checkString(outcome, schema, value, add)
    if (isPlainObject(value)) {
      for (const [name, property] of schema.properties) {
        if (Object.hasOwn(value, name)) this.#into(outcome, property, value[name]!, [...path, name])
      }
    }
    outcome.score++
  }

  #combinations(outcome: Outcome, schema: Schema, value: Value, path: readonly string[]): void {
    const add = (type: string, description: string): void => fail(outcome, path, type, description)
    const results = (schemas: readonly Schema[]): Outcome[] =>
      schemas.map((inner) => this.validate(inner, value, path))
    if (schema.anyOf.length > 0) {
      const found = results(schema.anyOf)
      if (!found.some(({ valid }) => valid)) {
        add('number_any_of', 'Must validate at least one schema (anyOf)')
        outcome.merge(nearest(found))
      }
    }
    if (schema.oneOf.length > 0) {
      const found = results(schema.oneOf)
      const count = found.filter(({ valid }) => valid).length
      if (count !== 1) {
        add('number_one_of', 'Must validate one and only one schema (oneOf)')
        if (count === 0) outcome.merge(nearest(found))
      }
    }
    const all = results(schema.allOf)
    for (const result of all) outcome.merge(result)
    if (!all.every(({ valid }) => valid))
      add('number_all_of', 'Must validate all the schemas (allOf)')
    if (schema.not !== undefined && this.validate(schema.not, value, path).valid) {
      add('number_not', 'Must not validate the schema (not)')
    }
    if (isPlainObject(value)) this.#dependencies(outcome, schema, value, path)
    this.#conditional(outcome, schema, value, path)
    outcome.score++
  }

  #dependencies(
    outcome: Outcome,
    schema: Schema,
    value: PlainObject,
    path: readonly string[],
  ): void {
    for (const [name, dependency] of schema.dependencies) {
      if (!Object.hasOwn(value, name)) continue
      if (!isNameList(dependency)) this.#into(outcome, dependency, value, path)
      else {
        for (const needed of dependency) {
          if (!Object.hasOwn(value, needed))
            fail(outcome, path, 'missing_dependency', `Has a dependency on ${needed}`)
        }
      }
    }
  }

  #conditional(outcome: Outcome, schema: Schema, value: Value, path: readonly string[]): void {
    if (schema.condition === undefined) return
    const holds = this.validate(schema.condition, value, path).valid
    const branch = holds ? schema.consequence : schema.alternative
    const result = branch === undefined ? undefined : this.validate(branch, value, path)
    if (result === undefined || result.valid) return
    if (holds) fail(outcome, path, 'condition_then', 'Must validate "then" as "if" was valid')
    else fail(outcome, path, 'condition_else', 'Must validate "else" as "if" was not valid')
    outcome.merge(result)
  }

  #array(outcome: Outcome, schema: Schema, value: readonly Value[], path: readonly string[]): void {
    const add = (type: string, description: string): void => fail(outcome, path, type, description)
    const { items, additionalItems } = schema
    const fixed = items === undefined || isSchemaList(items) ? (items ?? []) : undefined
    value.forEach((item, i) => {
      const inner = fixed === undefined ? (items as Schema) : fixed[i]
      const beyond =
        inner ?? (fixed !== undefined && fixed.length > 0 ? additionalItems : undefined)
      if (typeof beyond === 'object')
        outcome.merge(this.validate(beyond, item, [...path, String(i)]))
    })
    if (
      fixed !== undefined &&
      fixed.length > 0 &&
      value.length > fixed.length &&
      additionalItems === false
    ) {
      add('array_no_additional_items', 'No additional items allowed on array')
    }
    const { minItems = 0, maxItems = Infinity } = schema
    if (value.length < minItems)
      add('array_min_items', `Array must have at least ${minItems} items`)
    if (value.length > maxItems) add('array_max_items', `Array must have at most ${maxItems} items`)
    if (schema.uniqueItems) checkUnique(value, add)
    this.#contains(outcome, schema, value, path)
    outcome.score++
  }

  #contains(
    outcome: Outcome,
    schema: Schema,
    value: readonly Value[],
    path: readonly string[],
  ): void {
    const { contains } = schema
    if (contains === undefined) return
    const results = value.map((item, i) => this.validate(contains, item, [...path, String(i)]))
    if (results.some(({ valid }) => valid)) return
    fail(outcome, path, 'contains', 'At least one of the items must match')
    outcome.merge(nearest(results))
  }

  #object(outcome: Outcome, schema: Schema, value: PlainObject, path: readonly string[]): void {
    const add = (type: string, description: string): void => fail(outcome, path, type, description)
    const names = Object.keys(value).sort()
    const { minProperties = 0, maxProperties = Infinity } = schema
    if (names.length < minProperties)
      add('array_min_properties', `Must have at least ${minProperties} properties`)
    if (names.length > maxProperties)
      add('array_max_properties', `Must have at most ${maxProperties} properties`)
    for (const name of schema.required) {
      if (Object.hasOwn(value, name)) outcome.score++
      else add('required', `${name} is required`)
    }
    for (const name of names) this.#property(outcome, schema, name, value[name]!, path)
    const { propertyNames } = schema
    for (const name of propertyNames === undefined ? [] : names) {
      const result = this.validate(propertyNames!, name, path)
      if (result.valid) continue
      add('invalid_property_name', `Property name of "${name}" does not match`)
      outcome.merge(result)
    }
    outcome.score++
  }

  #property(
    outcome: Outcome,
    schema: Schema,
    name: string,
    value: Value,
    path: readonly string[],
  ): void {
    let matched = false
    for (const [pattern, inner] of schema.patternProperties) {
      if (!pattern.test(name)) continue
      matched = true
      outcome.merge(this.validate(inner, value, [...path, name]))
    }
    if (matched) outcome.score++
    const { additionalProperties: additional } = schema
    if (matched || schema.properties.has(name) || additional === undefined || additional === true)
      return
    if (additional === false) {
      fail(
        outcome,
        path,
        'additional_property_not_allowed',
        `Additional property ${name} is not allowed`,
      )
    } else outcome.merge(this.validate(additional, value, [...path, name]))
  }
}

type Add = (type: string, description: string) => void

function fail(outcome: Outcome, path: readonly string[], type: string, description: string): void {
  outcome.violations.push({ type, description, field: fieldOf(path) })
  outcome.score -= 2
}

function fieldOf(path: readonly string[]): string {
  return path.length === 0 ? '(Root)' : path.join('.')
}

function nearest(outcomes: readonly Outcome[]): Outcome | undefined {
  return outcomes.reduce<Outcome | undefined>(
    (best, outcome) => (best === undefined || outcome.score > best.score ? outcome : best),
    undefined,
  )
}

function isNameList(dependency: readonly string[] | Schema): dependency is readonly string[] {
  return Array.isArray(dependency)
}

function isSchemaList(items: Schema | readonly Schema[]): items is readonly Schema[] {
  return Array.isArray(items)
}

function typeOf(value: Value): string {
  if (value === null) return 'null'
  if (isNumber(value)) return isInteger(value) ? 'integer' : 'number'
  if (isArray(value)) return 'array'
  return typeof value === 'string' || typeof value === 'boolean' ? typeof value : 'object'
}

function checkType({ types }: Schema, value: Value, add: Add): boolean {
  const type = typeOf(value)
  if (
    types.length === 0 ||
    types.includes(type) ||
    (type === 'integer' && types.includes('number'))
  )
    return true
  const expected = types.length > 1 ? `[${types.join(',')}]` : types[0]
  add('invalid_type', `Invalid type. Expected: ${expected}, given: ${type}`)
  return false
}

function checkNumber(outcome: Outcome, schema: Schema, value: RNumber, add: Add): void {
  const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = schema
  if (multipleOf !== undefined && !isInteger(divide(value, multipleOf))) {
    add('multiple_of', `Must be a multiple of ${numberText(multipleOf)}`)
  }
  if (maximum !== undefined && compareNumbers(value, maximum) > 0) {
    add('number_lte', `Must be less than or equal to ${numberText(maximum)}`)
  }
  if (exclusiveMaximum !== undefined && compareNumbers(value, exclusiveMaximum) >= 0) {
    add('number_lt', `Must be less than ${numberText(exclusiveMaximum)}`)
  }
  if (minimum !== undefined && compareNumbers(value, minimum) < 0) {
    add('number_gte', `Must be greater than or equal to ${numberText(minimum)}`)
  }
  if (exclusiveMinimum !== undefined && compareNumbers(value, exclusiveMinimum) <= 0) {
    add('number_gt', `Must be greater than ${numberText(exclusiveMinimum)}`)
  }
  outcome.score++
}

function checkCommon(
  outcome: Outcome,
  schema: Schema,
  value: Value,
  path: readonly string[],
): void {
  const { constant, enumeration, format } = schema
  const field = fieldOf(path)
  const add = (type: string, description: string): void => fail(outcome, path, type, description)
  if (constant !== undefined && !equals(constant.value, value)) {
    add('const', `${field} does not match: ${stringifyJson(constant.value)}`)
  }
  if (enumeration !== undefined && !enumeration.some((allowed) => equals(allowed, value))) {
    add(
      'enum',
      `${field} must be one of the following: ${enumeration.map((allowed) => stringifyJson(allowed)).join(', ')}`,
    )
  }
  if (format !== undefined && typeof value === 'string' && !hasFormat(format, value)) {
    add('format', `Does not match format '${format}'`)
  }
  outcome.score++
}

function checkString(outcome: Outcome, schema: Schema, value: string, add: Add): void {
  const { minLength, maxLength, pattern, patternSource } = schema
  const length = codePointCount(value)
  if (minLength !== undefined && length < minLength) {
    add('string_gte', `String length must be greater than or equal to ${minLength}`)
  }
  if (maxLength !== undefined && length > maxLength) {
    add('string_lte', `String length must be less than or equal to ${maxLength}`)
  }
  if (pattern !== undefined && !pattern.test(value))
    add('pattern', `Does not match pattern '${patternSource}'`)
  outcome.score++
}

function checkUnique(items: readonly Value[], add: Add): void {
  const buckets = new Map<number, number[]>()
  items.forEach((item, j) => {
    const key = hash(item)
    const bucket = buckets.get(key) ?? []
    const i = bucket.findLast((index) => equals(items[index]!, item))
    if (i !== undefined) add('unique', `array items[${i},${j}] must be unique`)
    buckets.set(key, [...bucket, j])
  })
}
