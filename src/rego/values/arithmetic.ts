import {
  addFloats,
  divideFloats,
  fromBigFloat,
  isWhole,
  multiplyFloats,
  toBigFloat,
  truncate,
} from './big-float.ts'
import type { BigFloat } from './big-float.ts'
import { fromBigInt, RBig, toBigInt } from './decimal.ts'
import type { RNumber } from './decimal.ts'

const DOUBLE_BITS = 53

/**
 * OPA's arithmetic. Small integers are computed directly; integers of any size exactly;
 * everything else as floats with 64-bit mantissas.
 */
type Operation = (a: RNumber, b: RNumber) => RNumber

function operation(
  native: (a: number, b: number) => number,
  exact: (a: bigint, b: bigint) => bigint,
  float: (a: BigFloat, b: BigFloat) => BigFloat,
): Operation {
  return (a, b) => {
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
      const quick = native(a as number, b as number)
      if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick
      return fromBigInt(exact(BigInt(a as number), BigInt(b as number)))
    }
    const x = toBigInt(a)
    const y = toBigInt(b)
    if (x !== undefined && y !== undefined) return fromBigInt(exact(x, y))
    return fromBigFloat(float(toBigFloat(a), toBigFloat(b)))
  }
}

/** The sum. */
export const add: Operation = operation(
  (a, b) => a + b,
  (a, b) => a + b,
  addFloats,
)

/** The difference. */
export const subtract: Operation = operation(
  (a, b) => a - b,
  (a, b) => a - b,
  (a, b) => addFloats(a, { mantissa: -b.mantissa, exponent: b.exponent }),
)

/** The product. */
export const multiply: Operation = operation(
  (a, b) => a * b,
  (a, b) => a * b,
  multiplyFloats,
)

/**
 * The quotient.
 * @throws RangeError `divide by zero`.
 */
export function divide(a: RNumber, b: RNumber): RNumber {
  if (b === 0) throw new RangeError('divide by zero')
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const quick = (a as number) / (b as number)
    if (Number.isInteger(quick)) return quick === 0 ? 0 : quick
  }
  return fromBigFloat(divideFloats(toBigFloat(a), toBigFloat(b)))
}

/**
 * The remainder of two integers; it has the sign of the dividend.
 * @throws RangeError `modulo by zero`, or `modulo on floating-point number`.
 */
export function remainder(a: RNumber, b: RNumber): RNumber {
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    if (b === 0) throw new RangeError('modulo by zero')
    const quick = (a as number) % (b as number)
    return quick === 0 ? 0 : quick
  }
  const x = toBigInt(a)
  const y = toBigInt(b)
  if (x === undefined || y === undefined) throw new RangeError('modulo on floating-point number')
  if (y === 0n) throw new RangeError('modulo by zero')
  return fromBigInt(x % y)
}

/**
 * The product of many numbers. If one has a fraction, every step is rounded to the 53 bits of a double, as OPA does
 * here but not in {@link multiply}.
 */
export function multiplyAll(values: readonly RNumber[]): RNumber {
  const integers = values.map(toBigInt)
  if (integers.every((value) => value !== undefined)) {
    return fromBigInt(integers.reduce((product, value) => product * value, 1n))
  }
  const one: BigFloat = { mantissa: 1n, exponent: 0 }
  const product = values.reduce(
    (result, value) => multiplyFloats(result, toBigFloat(value), DOUBLE_BITS),
    one,
  )
  return fromBigFloat(product, DOUBLE_BITS)
}

/** Rounds to the nearest integer, halves away from zero. */
export function round(value: RNumber): RNumber {
  if (Number.isSafeInteger(value)) return value
  const float = toBigFloat(value)
  const half: BigFloat = { mantissa: float.mantissa < 0n ? -1n : 1n, exponent: -1 }
  return fromBigInt(truncate(addFloats(float, half)))
}

/** The smallest integer that is not less. */
export function ceil(value: RNumber): RNumber {
  if (Number.isSafeInteger(value)) return value
  const float = toBigFloat(value)
  const whole = truncate(float)
  return fromBigInt(isWhole(float) || float.mantissa < 0n ? whole : whole + 1n)
}

/** The greatest integer that is not greater. */
export function floor(value: RNumber): RNumber {
  if (Number.isSafeInteger(value)) return value
  const float = toBigFloat(value)
  const whole = truncate(float)
  return fromBigInt(isWhole(float) || float.mantissa > 0n ? whole : whole - 1n)
}

/** The number without its sign. */
export function abs(value: RNumber): RNumber {
  if (typeof value === 'number') return Math.abs(value)
  const { coefficient, exponent } = value
  return new RBig(coefficient < 0n ? -coefficient : coefficient, exponent)
}
