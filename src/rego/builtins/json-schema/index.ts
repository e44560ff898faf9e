import { isArray, isObject, parseJson, stringifyJson } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'
import type { BuiltinCall } from '../types.ts'
import { compileSchema } from './compile.ts'
import { validate } from './validate.ts'

/** A document from JSON text, or from a value converted to JSON. */
function load(value: Value): Value {
  if (typeof value === 'string') {
    try {
      return parseJson(value)
    } catch {
      throw new BuiltinError('invalid JSON string')
    }
  }
  if (!isArray(value) && !isObject(value))
    throw new BuiltinError('wrong type, expected string or object')
  return parseJson(stringifyJson(value))
}

function verify(schema: Value): Value {
  try {
    compileSchema(load(schema))
    return [true, null]
  } catch (error) {
    if (error instanceof BuiltinError) return [false, `jsonschema: ${error.message}`]
    throw error
  }
}

function match(document: Value, schema: Value): Value {
  const loaded = load(document)
  const violations = validate(compileSchema(load(schema)), loaded)
  const described = violations.map(({ type, field, description }) => {
    return { type, field, desc: description, error: `${field}: ${description}` }
  })
  return [violations.length === 0, described]
}

/** JSON Schema. */
export const JSON_SCHEMAS: Readonly<Record<string, BuiltinCall>> = {
  'json.verify_schema': (_, args) => verify(args[0]!),
  'json.match_schema': (_, args) => match(args[0]!, args[1]!),
}
