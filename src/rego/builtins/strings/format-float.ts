import { padNumber, signOf } from './format-spec.ts'
import type { FormatSpec } from './format-spec.ts'

const DIGITS_MAX = 100
/** Without a precision, numbers from this exponent on are written in exponential notation (Go's strconv). */
const SHORTEST_EXPONENT_MAX = 6

/** Formats a number with a fraction; `undefined` for a verb that fractions do not have. */
export function formatFloat(spec: FormatSpec, value: number): string | undefined {
  const body = magnitudeText(spec, Math.abs(value))
  return body === undefined ? undefined : padNumber(spec, signOf(spec, value < 0), body)
}

function magnitudeText({ verb, precision, flags }: FormatSpec, value: number): string | undefined {
  const digits = precision === undefined ? undefined : Math.min(precision, DIGITS_MAX)
  switch (verb) {
    case 'f':
    case 'F':
      return fixed(value, digits ?? 6)
    case 'e':
    case 'E':
      return exponential(exponentialDigits(value, digits ?? 6), verb)
    case 'v':
    case 'g':
    case 'G':
      return general(value, digits, flags.sharp && verb !== 'v', verb === 'G' ? 'E' : 'e')
    case 'x':
    case 'X':
      return hexadecimal(value, verb)
    case 'b':
      return binary(value)
    default:
      return undefined
  }
}

function fixed(value: number, digits: number): string {
  const text = scaled(value, digits)
    .toString()
    .padStart(digits + 1, '0')
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** `value × 10^digits`, rounded to the nearest integer, halves to even. */
function scaled(value: number, digits: number): bigint {
  const { mantissa, exponent } = partsOf(value)
  const numerator =
    mantissa *
    (digits > 0 ? 10n ** BigInt(digits) : 1n) *
    (exponent > 0 ? 2n ** BigInt(exponent) : 1n)
  const denominator =
    (digits < 0 ? 10n ** BigInt(-digits) : 1n) * (exponent < 0 ? 2n ** BigInt(-exponent) : 1n)
  const whole = numerator / denominator
  const twice = (numerator % denominator) * 2n
  return twice > denominator || (twice === denominator && (whole & 1n) === 1n) ? whole + 1n : whole
}

interface Scientific {
  readonly digits: string
  readonly exponent: number
}

function shortestDigits(value: number): Scientific {
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) }
}

/** The number with this many digits after the first. */
function exponentialDigits(value: number, fraction: number): Scientific {
  if (value === 0) return { digits: '0'.repeat(fraction + 1), exponent: 0 }
  const { exponent } = shortestDigits(value)
  const digits = scaled(value, fraction - exponent).toString()
  return digits.length > fraction + 1
    ? { digits: digits.slice(0, fraction + 1), exponent: exponent + 1 }
    : { digits, exponent }
}

function exponential({ digits, exponent }: Scientific, letter: string): string {
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits
  return `${mantissa}${letter}${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** The shorter of both notations; `sharp` keeps trailing zeros. */
function general(
  value: number,
  digits: number | undefined,
  sharp: boolean,
  letter: string,
): string {
  const precision = digits === 0 ? 1 : digits
  const number =
    precision === undefined ? shortestDigits(value) : exponentialDigits(value, precision - 1)
  const kept = sharp ? number.digits : number.digits.replace(/(?<=.)0+$/, '')
  const { exponent } = number
  if (exponent < -4 || exponent >= (precision ?? SHORTEST_EXPONENT_MAX)) {
    return exponential({ digits: kept, exponent }, letter)
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${kept}`
  const whole = kept.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return kept.length > exponent + 1 ? `${whole}.${kept.slice(exponent + 1)}` : whole
}

interface Parts {
  readonly mantissa: bigint
  readonly exponent: number
}

function partsOf(value: number): Parts {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const biased = Number((raw >> 52n) & 0x7ffn)
  const fraction = raw & 0xfffffffffffffn
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 }
}

function binary(value: number): string {
  const { mantissa, exponent } = partsOf(value)
  return `${mantissa}p${exponent >= 0 ? '+' : ''}${exponent}`
}

function hexadecimal(value: number, verb: string): string {
  let { mantissa, exponent } = partsOf(value)
  while (mantissa !== 0n && mantissa < 1n << 52n) {
    mantissa <<= 1n
    exponent--
  }
  const fraction = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0').replace(/0+$/, '')
  const power = mantissa === 0n ? 0 : exponent + 52
  const text = `0x${mantissa === 0n ? '0' : '1'}${fraction === '' ? '' : `.${fraction}`}p${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
  return verb === 'X' ? text.toUpperCase() : text
}
