import { fromBigInt, multiplyFloats, parseNumber, toBigFloat, truncate } from '../values/index.ts'
import type { RNumber } from '../values/index.ts'
import { stringOperand } from './operands.ts'
import { toLower } from './strings/casing.ts'
import { BuiltinError } from './types.ts'
import type { BuiltinCall } from './types.ts'

/** With more decimal places than this on either side, exact computation costs too much. */
const EXPONENT_MAX = 10_000
const EXPONENT_TOO_LONG = /[eE][+-]?\d{7}/
const FRACTION_DIGITS = 10
const LETTERS = ['k', 'm', 'g', 't', 'p', 'e'] as const

/** The differences between the two functions. */
interface Dialect {
  readonly name: string
  readonly units: ReadonlyMap<string, bigint>
  readonly noAmount: string
  readonly badAmount: string
  readonly unit: string
}

const UNITS: Dialect = {
  name: 'units.parse',
  units: new Map([
    ['', 1n],
    ['M', 1000n ** 2n],
    ...LETTERS.flatMap((letter, i): [string, bigint][] => {
      const decimal = 1000n ** BigInt(i + 1)
      const binary = 1024n ** BigInt(i + 1)
      const upper = letter.toUpperCase()
      const scaled: [string, bigint][] =
        letter === 'm'
          ? []
          : [
              [letter, decimal],
              [upper, decimal],
            ]
      return [...scaled, [`${letter}i`, binary], [`${upper}i`, binary]]
    }),
  ]),
  noAmount: 'no amount provided',
  badAmount: 'could not parse amount to a number',
  unit: 'unit',
}

const BYTES: Dialect = {
  name: 'units.parse_bytes',
  units: new Map([
    ['', 1n],
    ...LETTERS.flatMap((letter, i): [string, bigint][] => {
      const decimal = 1000n ** BigInt(i + 1)
      const binary = 1024n ** BigInt(i + 1)
      return [
        [letter, decimal],
        [`${letter}b`, decimal],
        [`${letter}i`, binary],
        [`${letter}ib`, binary],
      ]
    }),
  ]),
  noAmount: 'no byte amount provided',
  badAmount: 'could not parse byte amount to a number',
  unit: 'byte unit',
}

interface Amount {
  readonly coefficient: bigint
  readonly exponent: number
  readonly unit: string
}

/** Reads a number, including its exponent, and the unit after it. */
function readAmount(
  text: string,
  dialect: Dialect,
  normalizeUnit: (unit: string) => string,
): Amount {
  const fail = (reason: string): BuiltinError => new BuiltinError(`${dialect.name}: ${reason}`)
  if (text.includes(' ')) throw fail('spaces not allowed in resource strings')
  const number = /^(?:[\d.+-]|[eE](?=[\d+-])[+-]?)*/.exec(text)?.[0] ?? ''
  const unit = normalizeUnit(text.slice(number.length))
  if (EXPONENT_TOO_LONG.test(number)) throw fail('exponent too large')
  if (number === '') throw fail(dialect.noAmount)
  if (!dialect.units.has(unit) && !(dialect === UNITS && unit === 'm'))
    throw fail(`${dialect.unit} ${unit} not recognized`)
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(number)
  const digits = (match?.[2] ?? '') + (match?.[3] ?? '')
  if (match === null || digits === '') throw fail(dialect.badAmount)
  const exponent = Number(match[4] ?? 0) - (match[3] ?? '').length
  if (Math.abs(exponent) > EXPONENT_MAX) throw fail('exponent too large')
  return { coefficient: BigInt(match[1] + digits), exponent, unit }
}

/** `coefficient × 10^exponent` with at most ten decimals, halves rounded away from zero. */
function rounded(coefficient: bigint, exponent: number): RNumber {
  if (exponent >= 0) return fromBigInt(coefficient * 10n ** BigInt(exponent))
  const scale = 10n ** BigInt(-exponent)
  if (coefficient % scale === 0n) return fromBigInt(coefficient / scale)
  const magnitude = (coefficient < 0n ? -coefficient : coefficient) * 10n ** BigInt(FRACTION_DIGITS)
  const digits = (magnitude * 2n + scale) / (scale * 2n)
  return parseNumber(`${coefficient < 0n ? '-' : ''}${digits}e-${FRACTION_DIGITS}`)
}

function parseUnits(text: string): RNumber {
  const { coefficient, exponent, unit } = readAmount(
    text.replaceAll('"', ''),
    UNITS,
    (name) => name.slice(0, 1) + toLower(name.slice(1)),
  )
  return unit === 'm'
    ? rounded(coefficient, exponent - 3)
    : rounded(coefficient * (UNITS.units.get(unit) ?? 1n), exponent)
}

/** Computed in 64-bit floats, as in OPA; a fraction of a byte is dropped. */
function parseBytes(text: string): RNumber {
  const { coefficient, exponent, unit } = readAmount(
    toLower(text).replaceAll('"', ''),
    BYTES,
    (name) => name,
  )
  const amount = toBigFloat(parseNumber(`${coefficient}e${exponent}`))
  return fromBigInt(
    truncate(multiplyFloats(amount, toBigFloat(fromBigInt(BYTES.units.get(unit) ?? 1n)))),
  )
}

/** Amounts with units. */
export const UNIT_PARSERS: Readonly<Record<string, BuiltinCall>> = {
  'units.parse': (_, args) => parseUnits(stringOperand(args, 0)),
  'units.parse_bytes': (_, args) => parseBytes(stringOperand(args, 0)),
}
