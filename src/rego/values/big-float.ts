/**
 * A binary floating-point number with a 64-bit mantissa, rounded to nearest even: the arithmetic of OPA when operands
 * are not both integers (Go's `big.Float` at its default precision).
 */
import { decimalOf, fromDecimal } from './decimal.ts'
import type { RNumber } from './decimal.ts'

/** `mantissa × 2^exponent`; the mantissa has at most 64 bits. */
export interface BigFloat {
  readonly mantissa: bigint
  readonly exponent: number
}

const PRECISION_BITS = 64
const EXPONENT_MAX = 10_000

/**
 * Rounds `mantissa × 2^exponent` to 64 bits, or fewer; `sticky` says that nonzero lower bits have already been dropped.
 */
function round(
  mantissa: bigint,
  exponent: number,
  sticky = false,
  bits = PRECISION_BITS,
): BigFloat {
  const negative = mantissa < 0n
  const magnitude = negative ? -mantissa : mantissa
  const excess = bitLength(magnitude) - bits
  if (excess <= 0) return { mantissa, exponent }
  const shift = BigInt(excess)
  let kept = magnitude >> shift
  const rest = magnitude & ((1n << shift) - 1n)
  const half = 1n << (shift - 1n)
  if (rest > half || (rest === half && (sticky || (kept & 1n) === 1n))) kept += 1n
  return { mantissa: negative ? -kept : kept, exponent: exponent + excess }
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length
}

/** @throws RangeError for exponents beyond ±10,000, so that a short text cannot demand unbounded work. */
export function toBigFloat(value: RNumber): BigFloat {
  const { coefficient, exponent } = decimalOf(value)
  if (Math.abs(exponent) > EXPONENT_MAX) throw new RangeError('number out of range')
  if (exponent >= 0) return round(coefficient * 10n ** BigInt(exponent), 0)
  return quotient(coefficient, 10n ** BigInt(-exponent))
}

function quotient(numerator: bigint, denominator: bigint): BigFloat {
  const negative = numerator < 0n !== denominator < 0n
  const top = numerator < 0n ? -numerator : numerator
  const bottom = denominator < 0n ? -denominator : denominator
  const shift = Math.max(0, PRECISION_BITS + 2 - bitLength(top) + bitLength(bottom))
  const scaled = top << BigInt(shift)
  const result = scaled / bottom
  return round(negative ? -result : result, -shift, scaled % bottom !== 0n)
}

export function addFloats(a: BigFloat, b: BigFloat): BigFloat {
  const exponent = Math.min(a.exponent, b.exponent)
  return round(alignTo(a, exponent) + alignTo(b, exponent), exponent)
}

export function multiplyFloats(a: BigFloat, b: BigFloat, bits = PRECISION_BITS): BigFloat {
  return round(a.mantissa * b.mantissa, a.exponent + b.exponent, false, bits)
}

export function divideFloats(a: BigFloat, b: BigFloat): BigFloat {
  const { mantissa, exponent } = quotient(a.mantissa, b.mantissa)
  return { mantissa, exponent: exponent + a.exponent - b.exponent }
}

/** The integer part, rounded toward zero. */
export function truncate({ mantissa, exponent }: BigFloat): bigint {
  if (exponent >= 0) return mantissa << BigInt(exponent)
  const magnitude = (mantissa < 0n ? -mantissa : mantissa) >> BigInt(-exponent)
  return mantissa < 0n ? -magnitude : magnitude
}

/** Whether the number has no fraction. */
export function isWhole(value: BigFloat): boolean {
  return (
    value.exponent >= 0 ||
    alignTo({ mantissa: truncate(value), exponent: 0 }, value.exponent) === value.mantissa
  )
}

function alignTo(value: BigFloat, exponent: number): bigint {
  return value.mantissa << BigInt(value.exponent - exponent)
}

/** The shortest decimal that reads back as the same float. */
export function fromBigFloat({ mantissa, exponent }: BigFloat, bits = PRECISION_BITS): RNumber {
  if (mantissa === 0n) return 0
  const negative = mantissa < 0n
  const magnitude = negative ? -mantissa : mantissa
  // Use all bits, so that half a unit in the last place is the true rounding interval.
  const widen = bits - bitLength(magnitude)
  const full = magnitude << BigInt(widen)
  const { digits, power } = shortest(full, exponent - widen, bits)
  return fromDecimal(negative ? -digits : digits, power)
}

/** The rounding interval of `mantissa × 2^exponent`, searched for the decimal with the fewest digits. */
function shortest(
  mantissa: bigint,
  exponent: number,
  bits: number,
): { digits: bigint; power: number } {
  // In quarter units: value 4m, upper 4m+2, lower 4m-2 (4m-1 if the next float below is half as far away).
  const lowest = mantissa === 1n << BigInt(bits - 1)
  let value = mantissa * 4n
  let upper = value + 2n
  let lower = value - (lowest ? 1n : 2n)
  let scale = 1n
  const binary = exponent - 2
  if (binary >= 0) {
    const factor = 1n << BigInt(binary)
    value *= factor
    upper *= factor
    lower *= factor
  } else scale = 1n << BigInt(-binary)
  const inclusive = (mantissa & 1n) === 0n
  const magnitude = (value / scale).toString().length
  for (let power = magnitude + 1; ; power--) {
    const found = candidate(value, lower, upper, scale, power, inclusive)
    if (found !== undefined) return { digits: found, power }
  }
}

/** A multiple of 10^power within the interval, the nearest if there are two. */
function candidate(
  value: bigint,
  lower: bigint,
  upper: bigint,
  scale: bigint,
  power: number,
  inclusive: boolean,
): bigint | undefined {
  const unit = power >= 0 ? scale * 10n ** BigInt(power) : scale
  const factor = power >= 0 ? 1n : 10n ** BigInt(-power)
  const down = (value * factor) / unit
  const up = down + 1n
  const downValue = down * unit
  const upValue = up * unit
  const downFits =
    down > 0n && (inclusive ? downValue >= lower * factor : downValue > lower * factor)
  const upFits = inclusive ? upValue <= upper * factor : upValue < upper * factor
  if (downFits && upFits) return value * factor - downValue <= upValue - value * factor ? down : up
  return downFits ? down : upFits ? up : undefined
}
