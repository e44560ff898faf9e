/**
 * Exact decimal numbers: those that a double cannot hold.
 *
 * A Rego number is a decimal of any size. It is represented by a plain `number` whenever the shortest decimal text of
 * that double is exactly the value, and by an {@link RBig} otherwise, so every value has only one representation, and a
 * `number` never equals an `RBig`.
 */

/**
 * An exact decimal, `coefficient × 10^exponent`, that no double can hold. Built by {@link parseNumber} and {@link
 * fromBigInt}.
 */
export class RBig {
  readonly coefficient: bigint
  readonly exponent: number

  constructor(coefficient: bigint, exponent: number) {
    this.coefficient = coefficient
    this.exponent = exponent
  }

  toString(): string {
    return decimalText(this)
  }
}

/** A Rego number. */
export type RNumber = number | RBig

interface Decimal {
  readonly coefficient: bigint
  readonly exponent: number
}

const NUMBER_PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/
/** Integers with more trailing zeros than this are written with an exponent. */
const PLAIN_EXPONENT_MAX = 20

/**
 * Reads a decimal number (JSON syntax, and the looser forms `1.`, `.5`, `+1`).
 * @throws SyntaxError when the text is not a number.
 */
export function parseNumber(text: string): RNumber {
  const match = NUMBER_PATTERN.exec(text)
  const whole = match?.[2] ?? ''
  const fraction = match?.[3] ?? ''
  if (match === null || whole.length + fraction.length === 0)
    throw new SyntaxError(`illegal number: ${text}`)
  if (whole.length + fraction.length <= 15) {
    const quick = Number(text)
    if (Number.isFinite(quick) && (quick !== 0 || match[4] === undefined))
      return quick === 0 ? 0 : quick
  }
  const digits = BigInt(whole + fraction)
  const exponent = Number(match[4] ?? '0') - fraction.length
  return fromDecimal(match[1] === '-' ? -digits : digits, exponent)
}

/** The number `coefficient × 10^exponent` in its one representation. */
export function fromDecimal(coefficient: bigint, exponent: number): RNumber {
  if (coefficient === 0n) return 0
  const exact = normalize(coefficient, exponent)
  const double = Number(`${exact.coefficient}e${exact.exponent}`)
  if (Number.isFinite(double) && double !== 0) {
    const back = decimalOfDouble(double)
    if (back.exponent === exact.exponent && back.coefficient === exact.coefficient) return double
  }
  return new RBig(exact.coefficient, exact.exponent)
}

/** The integer in its one representation. */
export function fromBigInt(value: bigint): RNumber {
  const double = Number(value)
  return Number.isSafeInteger(double) ? double : fromDecimal(value, 0)
}

/** The number as an exact decimal. */
export function decimalOf(value: RNumber): Decimal {
  return typeof value === 'number' ? decimalOfDouble(value) : value
}

/** The number as a BigInt, or `undefined` when it has a fraction or more than 10,000 digits. */
export function toBigInt(value: RNumber): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  const { coefficient, exponent } = decimalOf(value)
  if (exponent < 0 || exponent > 10_000) return undefined
  return exponent === 0 ? coefficient : coefficient * 10n ** BigInt(exponent)
}

/** Whether the number has no fraction. */
export function isInteger(value: RNumber): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : value.exponent >= 0
}

/** The nearest double. */
export function toDouble(value: RNumber): number {
  return typeof value === 'number' ? value : Number(`${value.coefficient}e${value.exponent}`)
}

/** Orders two numbers by their exact values: negative, zero or positive. */
export function compareNumbers(a: RNumber, b: RNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0
  return compareDecimals(decimalOf(a), decimalOf(b))
}

/** The JSON text of a number. */
export function numberText(value: RNumber): string {
  return typeof value === 'number' ? String(value === 0 ? 0 : value) : decimalText(value)
}

function compareDecimals(a: Decimal, b: Decimal): number {
  const signA = a.coefficient < 0n ? -1 : a.coefficient > 0n ? 1 : 0
  const signB = b.coefficient < 0n ? -1 : b.coefficient > 0n ? 1 : 0
  if (signA !== signB) return signA < signB ? -1 : 1
  if (signA === 0) return 0
  const magnitudeA = digitCount(a.coefficient) + a.exponent
  const magnitudeB = digitCount(b.coefficient) + b.exponent
  if (magnitudeA !== magnitudeB) return magnitudeA < magnitudeB ? -signA : signA
  const low = Math.min(a.exponent, b.exponent)
  const scaledA = a.coefficient * 10n ** BigInt(a.exponent - low)
  const scaledB = b.coefficient * 10n ** BigInt(b.exponent - low)
  return scaledA < scaledB ? -1 : scaledA > scaledB ? 1 : 0
}

function digitCount(value: bigint): number {
  return (value < 0n ? -value : value).toString().length
}

function normalize(coefficient: bigint, exponent: number): Decimal {
  const text = coefficient.toString()
  let end = text.length
  while (text[end - 1] === '0') end--
  return end === text.length
    ? { coefficient, exponent }
    : { coefficient: BigInt(text.slice(0, end)), exponent: exponent + text.length - end }
}

function decimalOfDouble(value: number): Decimal {
  if (value === 0) return { coefficient: 0n, exponent: 0 }
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  return normalize(BigInt(whole + fraction), Number(exponent) - fraction.length)
}

function decimalText({ coefficient, exponent }: Decimal): string {
  const negative = coefficient < 0n
  const digits = (negative ? -coefficient : coefficient).toString()
  const sign = negative ? '-' : ''
  if (exponent >= 0 && exponent <= PLAIN_EXPONENT_MAX) return sign + digits + '0'.repeat(exponent)
  const point = digits.length + exponent
  if (exponent < 0 && point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
  if (exponent < 0 && point > -4) return `${sign}0.${'0'.repeat(-point)}${digits}`
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  return `${sign}${digits[0]}${fraction}e${point - 1}`
}
