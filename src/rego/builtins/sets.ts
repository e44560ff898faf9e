import { RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { operandTypeError, setOperand } from './operands.ts'
import { difference, intersect, unite } from './set-algebra.ts'
import type { BuiltinCall } from './types.ts'

function setsWithin(args: readonly Value[]): RSet[] {
  return setOperand(args, 0)
    .values()
    .map((member) => {
      if (!(member instanceof RSet)) throw operandTypeError(0, member, 'set')
      return member
    })
}

/** Functions on sets; the operators are in `operators.ts`. */
export const SETS: Readonly<Record<string, BuiltinCall>> = {
  union: (_, args) => unite(setsWithin(args)),
  intersection: (_, args) => {
    const sets = setsWithin(args)
    return sets.length === 0 ? new RSet() : sets.reduce(intersect)
  },
  set_diff: (_, args) => difference(setOperand(args, 0), setOperand(args, 1)),
}
