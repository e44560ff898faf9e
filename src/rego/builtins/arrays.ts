import { isArray } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { arrayOperand, intOperand } from './operands.ts'
import type { BuiltinCall } from './types.ts'

function slice(array: readonly Value[], start: number, stop: number): readonly Value[] {
  const end = Math.min(Math.max(stop, 0), array.length)
  return array.slice(Math.min(Math.max(start, 0), end), end)
}

/** Functions on arrays. */
export const ARRAYS: Readonly<Record<string, BuiltinCall>> = {
  'array.concat': (_, args) => [...arrayOperand(args, 0), ...arrayOperand(args, 1)],
  'array.slice': (_, args) =>
    slice(arrayOperand(args, 0), intOperand(args, 1), intOperand(args, 2)),
  'array.reverse': (_, args) => [...arrayOperand(args, 0)].reverse(),
  'array.flatten': (_, args) =>
    arrayOperand(args, 0).flatMap((item) => (isArray(item) ? item : [item])),
}
