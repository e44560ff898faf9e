import { isArray, isNumber, isObject, parseNumber, RSet, typeName } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { collectionOperand, operandTypeError } from './operands.ts'
import { BuiltinError } from './types.ts'
import type { BuiltinCall } from './types.ts'

const HEX_FLOAT = /^[+-]?0[xX][\da-fA-F_.]+[pP][+-]?\d+$/
const NOT_A_NUMBER = /^[+-]*(?:inf|infinity|nan)$/i

function toNumber(value: Value): Value {
  if (value === null || value === false) return 0
  if (value === true) return 1
  if (isNumber(value)) return value
  if (typeof value !== 'string')
    throw operandTypeError(0, value, 'null', 'boolean', 'number', 'string')
  if (NOT_A_NUMBER.test(value)) throw operandTypeError(0, value, 'valid number string')
  try {
    return parseNumber(value)
  } catch {
    const reason = HEX_FLOAT.test(value) ? 'value out of range' : 'invalid syntax'
    throw new BuiltinError(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: ${reason}`)
  }
}

function cast(name: string, test: (value: Value) => boolean): BuiltinCall {
  return (_, args) => {
    const value = args[0]!
    if (!test(value)) throw operandTypeError(0, value, name)
    return value
  }
}

function isType(name: string): BuiltinCall {
  return (_, args) => typeName(args[0]!) === name
}

/** Type tests, type names and conversions. */
export const CONVERSIONS: Readonly<Record<string, BuiltinCall>> = {
  to_number: (_, args) => toNumber(args[0]!),
  cast_array: (_, args) =>
    isArray(args[0]!) ? args[0] : collectionOperand(args, 0, 'array', 'set'),
  cast_set: (_, args) => RSet.from(collectionOperand(args, 0, 'array', 'set')),
  cast_string: cast('string', (value) => typeof value === 'string'),
  cast_boolean: cast('boolean', (value) => typeof value === 'boolean'),
  cast_null: cast('null', (value) => value === null),
  cast_object: cast('object', isObject),
  type_name: (_, args) => typeName(args[0]!),
  is_number: isType('number'),
  is_string: isType('string'),
  is_boolean: isType('boolean'),
  is_array: isType('array'),
  is_set: isType('set'),
  is_object: isType('object'),
  is_null: isType('null'),
}
