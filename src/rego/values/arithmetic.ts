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
import { fromBigInt } from './decimal.ts'
import type { RNumber } from './decimal.ts'

/**
 * OPA's arithmetic. Small integers are computed directly; integers of any size exactly (after rounding
 * the operands to 64 significant bits, as OPA does); everything else as floats with 64-bit mantissas.
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
      return fromBigInt(exact(wholeOf(a), wholeOf(b)))
    }
    const x = toBigFloat(a)
    const y = toBigFloat(b)
    return isWhole(x) && isWhole(y)
      ? fromBigInt(exact(truncate(x), truncate(y)))
      : fromBigFloat(float(x, y))
  }
}

function wholeOf(value: RNumber): bigint {
  return truncate(toBigFloat(value))
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
  const x = toBigFloat(a)
  const y = toBigFloat(b)
  if (!isWhole(x) || !isWhole(y)) throw new RangeError('modulo on floating-point number')
  const divisor = truncate(y)
  if (divisor === 0n) throw new RangeError('modulo by zero')
  return fromBigInt(truncate(x) % divisor)
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
  const { mantissa, exponent } = toBigFloat(value)
  return fromBigFloat({ mantissa: mantissa < 0n ? -mantissa : mantissa, exponent })
}
