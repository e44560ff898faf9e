import { fromBigInt } from '../values/index.ts'
import { bigIntOperand, operandError } from './operands.ts'
import { BuiltinError } from './types.ts'
import type { BuiltinCall } from './types.ts'

/** A shift can ask for any amount of memory; no policy needs a number of more bits than this. */
const SHIFT_BITS_MAX = 65_536n

function binary(operation: (a: bigint, b: bigint) => bigint): BuiltinCall {
  return (_, args) => fromBigInt(operation(bigIntOperand(args, 0), bigIntOperand(args, 1)))
}

function shift(operation: (a: bigint, bits: bigint) => bigint, limited: boolean): BuiltinCall {
  return binary((a, bits) => {
    if (bits < 0n)
      throw operandError(1, 'must be an unsigned integer number but got a negative integer')
    if (limited && bits > SHIFT_BITS_MAX)
      throw new BuiltinError(`shift of more than ${SHIFT_BITS_MAX} bits`)
    return operation(a, bits > SHIFT_BITS_MAX ? SHIFT_BITS_MAX : bits)
  })
}

/** Bitwise functions on integers of any size, in two's complement. */
export const BITS: Readonly<Record<string, BuiltinCall>> = {
  'bits.or': binary((a, b) => a | b),
  'bits.and': binary((a, b) => a & b),
  'bits.xor': binary((a, b) => a ^ b),
  'bits.negate': (_, args) => fromBigInt(~bigIntOperand(args, 0)),
  'bits.lsh': shift((a, bits) => a << bits, true),
  'bits.rsh': shift((a, bits) => a >> bits, false),
}
