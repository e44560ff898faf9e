import { abs, ceil, floor, fromBigInt, round } from '../values/index.ts'
import type { RNumber, Value } from '../values/index.ts'
import { bigIntOperand, intOperand, numberOperand, stringOperand } from './operands.ts'
import { BuiltinError } from './types.ts'
import type { BuiltinCall, BuiltinContext } from './types.ts'

/** A range is computed completely; longer ones are refused before they exhaust memory. */
const RANGE_LENGTH_MAX = 10_000_000n

function unary(operation: (value: RNumber) => RNumber): BuiltinCall {
  return (_, args) => operation(numberOperand(args, 0))
}

function range(context: BuiltinContext, start: bigint, stop: bigint, step: bigint): Value[] {
  const distance = stop >= start ? stop - start : start - stop
  if (distance / step >= RANGE_LENGTH_MAX) throw new BuiltinError('range is too long')
  const length = Number(distance / step) + 1
  const signed = stop >= start ? step : -step
  return Array.from({ length }, (_, i) => {
    if (i % 65_536 === 0) context.signal?.throwIfAborted()
    return fromBigInt(start + signed * BigInt(i))
  })
}

function rangeStep(context: BuiltinContext, args: readonly Value[]): Value[] {
  const [start, stop, step] = [
    bigIntOperand(args, 0),
    bigIntOperand(args, 1),
    bigIntOperand(args, 2),
  ]
  if (step <= 0n) throw new BuiltinError('step must be a positive integer')
  return range(context, start, stop, step)
}

function randomInteger(context: BuiltinContext, seed: string, bound: number): Value {
  if (bound === 0) return 0
  const key = `rand.intn:${bound}:${seed}`
  const known = context.memo.get(key)
  if (known !== undefined) return known
  const drawn = Math.floor(context.random() * bound)
  context.memo.set(key, drawn)
  return drawn
}

/** Functions on numbers; arithmetic is in `operators.ts`. */
export const NUMBERS: Readonly<Record<string, BuiltinCall>> = {
  abs: unary(abs),
  round: unary(round),
  ceil: unary(ceil),
  floor: unary(floor),
  'numbers.range': (context, args) =>
    range(context, bigIntOperand(args, 0), bigIntOperand(args, 1), 1n),
  'numbers.range_step': rangeStep,
  'rand.intn': (context, args) =>
    randomInteger(context, stringOperand(args, 0), Math.abs(intOperand(args, 1))),
}
