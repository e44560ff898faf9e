import {
  add,
  compare,
  divide,
  equals,
  isArray,
  isNumber,
  isObject,
  lookup,
  multiply,
  objectEntries,
  remainder,
  RSet,
  subtract,
} from '../values/index.ts'
import type { RNumber, Value } from '../values/index.ts'
import { numberOperand, operandTypeError, setOperand } from './operands.ts'
import { difference, intersect, unite } from './set-algebra.ts'
import type { BuiltinCall } from './types.ts'

function comparison(test: (order: number) => boolean): BuiltinCall {
  return (_, args) => test(compare(args[0]!, args[1]!))
}

function arithmetic(operation: (a: RNumber, b: RNumber) => RNumber): BuiltinCall {
  return (_, args) => operation(numberOperand(args, 0), numberOperand(args, 1))
}

function minus(args: readonly Value[]): Value {
  const [a, b] = args as [Value, Value]
  if (isNumber(a) && isNumber(b)) return subtract(a, b)
  if (a instanceof RSet && b instanceof RSet) return difference(a, b)
  if (!isNumber(a) && !(a instanceof RSet)) throw operandTypeError(0, a, 'number', 'set')
  throw operandTypeError(1, b, isNumber(b) ? 'set' : 'number')
}

function isMember(member: Value, collection: Value): boolean {
  if (collection instanceof RSet) return collection.has(member)
  if (isArray(collection)) return collection.some((item) => equals(item, member))
  if (!isObject(collection)) return false
  for (const [, value] of objectEntries(collection)) if (equals(value, member)) return true
  return false
}

function isMemberAt(key: Value, member: Value, collection: Value): boolean {
  const found = lookup(collection, key)
  return found !== undefined && equals(found, member)
}

const same: BuiltinCall = (_, args) => equals(args[0]!, args[1]!)

/** Comparison, arithmetic, set operators and membership. */
export const OPERATORS: Readonly<Record<string, BuiltinCall>> = {
  eq: same,
  assign: same,
  equal: same,
  neq: (_, args) => !equals(args[0]!, args[1]!),
  lt: comparison((order) => order < 0),
  lte: comparison((order) => order <= 0),
  gt: comparison((order) => order > 0),
  gte: comparison((order) => order >= 0),
  plus: arithmetic(add),
  minus: (_, args) => minus(args),
  mul: arithmetic(multiply),
  div: arithmetic(divide),
  rem: arithmetic(remainder),
  and: (_, args) => intersect(setOperand(args, 0), setOperand(args, 1)),
  or: (_, args) => unite([setOperand(args, 0), setOperand(args, 1)]),
  'internal.member_2': (_, args) => isMember(args[0]!, args[1]!),
  'internal.member_3': (_, args) => isMemberAt(args[0]!, args[1]!, args[2]!),
}
