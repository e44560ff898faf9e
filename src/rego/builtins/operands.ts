/**
 * Reading a built-in's operands. Each reader takes the operand's index (from 0) and fails with OPA's
 * wording, which counts from 1.
 */
import {
  isArray,
  isInteger,
  isNumber,
  isObject,
  RSet,
  toBigInt,
  typeName,
} from '../values/index.ts'
import type { PlainObject, RNumber, RObj, Value } from '../values/index.ts'
import { BuiltinError } from './types.ts'

type Args = readonly Value[]

/** An error about one operand. */
export function operandError(index: number, message: string): BuiltinError {
  return new BuiltinError(`operand ${index + 1} ${message}`, 'eval_type_error')
}

/** An operand has the wrong type. */
export function operandTypeError(
  index: number,
  got: Value,
  ...expected: readonly string[]
): BuiltinError {
  const wanted = expected.length === 1 ? expected[0] : `one of {${expected.join(', ')}}`
  return operandError(index, `must be ${wanted} but got ${typeName(got)}`)
}

/** A member of a collection has the wrong type. */
export function operandElementError(
  index: number,
  collection: Value,
  got: Value,
  ...expected: readonly string[]
): BuiltinError {
  const type = typeName(collection)
  const wanted = expected.length === 1 ? `${expected[0]}s` : `(any of) {${expected.join(', ')}}`
  return operandError(
    index,
    `must be ${type} of ${wanted} but got ${type} containing ${typeName(got)}`,
  )
}

export function stringOperand(args: Args, index: number): string {
  const value = args[index]!
  if (typeof value !== 'string') throw operandTypeError(index, value, 'string')
  return value
}

export function numberOperand(args: Args, index: number): RNumber {
  const value = args[index]!
  if (!isNumber(value)) throw operandTypeError(index, value, 'number')
  return value
}

/** An integer within ±2^53; larger ones are clamped, which is enough for the callers. */
export function intOperand(args: Args, index: number): number {
  const value = numberOperand(args, index)
  if (!isInteger(value))
    throw operandError(index, 'must be integer number but got floating-point number')
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  return (toBigInt(value) ?? 1n) < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
}

export function bigIntOperand(args: Args, index: number): bigint {
  const value = args[index]!
  if (!isNumber(value)) throw operandTypeError(index, value, 'integer')
  if (!isInteger(value))
    throw operandError(index, 'must be integer number but got floating-point number')
  const integer = toBigInt(value)
  if (integer === undefined) throw operandError(index, 'is too large')
  return integer
}

export function arrayOperand(args: Args, index: number): readonly Value[] {
  const value = args[index]!
  if (!isArray(value)) throw operandTypeError(index, value, 'array')
  return value
}

export function setOperand(args: Args, index: number): RSet {
  const value = args[index]!
  if (!(value instanceof RSet)) throw operandTypeError(index, value, 'set')
  return value
}

export function objectOperand(args: Args, index: number): PlainObject | RObj {
  const value = args[index]!
  if (!isObject(value)) throw operandTypeError(index, value, 'object')
  return value
}

/** The members of an array, or of a set in order. */
export function collectionOperand(
  args: Args,
  index: number,
  ...expected: readonly string[]
): readonly Value[] {
  const value = args[index]!
  if (isArray(value)) return value
  if (value instanceof RSet) return value.values()
  throw operandTypeError(index, value, ...(expected.length > 0 ? expected : ['set', 'array']))
}

/** The members of an array or set of strings. */
export function stringsOperand(
  args: Args,
  index: number,
  ...expected: readonly string[]
): readonly string[] {
  return collectionOperand(args, index, ...expected).map((item) => {
    if (typeof item !== 'string') throw operandElementError(index, args[index]!, item, 'string')
    return item
  })
}
