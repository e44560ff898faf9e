import {
  add,
  compare,
  isArray,
  isNumber,
  isObject,
  multiplyAll,
  objectSize,
  RSet,
} from '../values/index.ts'
import type { RNumber, Value } from '../values/index.ts'
import { codePointCount } from './code-points.ts'
import { collectionOperand, operandElementError, operandTypeError } from './operands.ts'
import type { BuiltinCall } from './types.ts'

type Args = readonly Value[]

function count(value: Value): number {
  if (typeof value === 'string') return codePointCount(value)
  if (isArray(value)) return value.length
  if (value instanceof RSet) return value.size
  if (isObject(value)) return objectSize(value)
  throw operandTypeError(0, value, 'array', 'object', 'set', 'string')
}

function numbersWithin(args: Args): RNumber[] {
  return collectionOperand(args, 0).map((item) => {
    if (!isNumber(item)) throw operandElementError(0, args[0]!, item, 'number')
    return item
  })
}

function extreme(args: Args, wins: (order: number) => boolean): Value | undefined {
  const items = collectionOperand(args, 0)
  let best = items[0]
  for (const item of items) if (best !== undefined && wins(compare(item, best))) best = item
  return best
}

/** Functions that condense a collection. */
export const AGGREGATES: Readonly<Record<string, BuiltinCall>> = {
  count: (_, args) => count(args[0]!),
  sum: (_, args) => numbersWithin(args).reduce(add, 0),
  product: (_, args) => multiplyAll(numbersWithin(args)),
  max: (_, args) => extreme(args, (order) => order > 0),
  min: (_, args) => extreme(args, (order) => order < 0),
  sort: (_, args) => [...collectionOperand(args, 0)].sort(compare),
  all: (_, args) => collectionOperand(args, 0, 'array', 'set').every((item) => item === true),
  any: (_, args) => collectionOperand(args, 0, 'array', 'set').includes(true),
}
