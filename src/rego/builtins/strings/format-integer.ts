import { quoteString } from '../../values/index.ts'
import { pad, padNumber, signOf } from './format-spec.ts'
import type { FormatSpec } from './format-spec.ts'

const RADIX: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 }
const SHARP_PREFIX: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' }
const CODE_POINT_MAX = 0x10ffffn

/**
 * Formats an integer; `undefined` for a verb that integers do not have.
 * @param big whether the integer exceeds 64 bits; it then also supports `%s`, but no verbs for characters.
 */
export function formatInteger(spec: FormatSpec, value: bigint, big: boolean): string | undefined {
  const verb = big && spec.verb === 's' ? 'd' : spec.verb
  const radix = RADIX[verb]
  if (radix !== undefined) return digitsText({ ...spec, verb }, value, radix)
  if (big) return undefined
  if (verb === 'c') return pad(spec, characterOf(value))
  if (verb === 'q') return pad(spec, quotedCharacter(spec, value))
  return verb === 'U'
    ? pad({ ...spec, flags: { ...spec.flags, zero: false } }, codePointText(spec, value))
    : undefined
}

function digitsText(spec: FormatSpec, value: bigint, radix: number): string {
  const { flags, precision, verb } = spec
  const negative = value < 0n
  let digits = (negative ? -value : value).toString(radix)
  if (precision === 0 && value === 0n) digits = ''
  if (precision !== undefined) digits = digits.padStart(precision, '0')
  const prefix = verb === 'O' ? '0o' : flags.sharp ? (SHARP_PREFIX[verb] ?? '') : ''
  const body = verb === 'o' && digits.startsWith('0') ? digits : prefix + digits
  const padded = precision === undefined ? spec : { ...spec, flags: { ...flags, zero: false } }
  return padNumber(padded, signOf(spec, negative), verb === 'X' ? body.toUpperCase() : body)
}

function characterOf(value: bigint): string {
  const valid = value >= 0n && value <= CODE_POINT_MAX && !(value >= 0xd800n && value <= 0xdfffn)
  return valid ? String.fromCodePoint(Number(value)) : '\ufffd'
}

function quotedCharacter({ flags }: FormatSpec, value: bigint): string {
  const character = characterOf(value)
  if (character === "'") return "'\\''"
  if (character === '"') return `'"'`
  return `'${quoteString(character, flags.plus).slice(1, -1)}'`
}

function codePointText({ flags, precision = 4 }: FormatSpec, value: bigint): string {
  const code = `U+${BigInt.asUintN(64, value).toString(16).toUpperCase().padStart(Math.max(precision, 4), '0')}`
  return flags.sharp && value >= 0n && value <= CODE_POINT_MAX
    ? `${code} '${characterOf(value)}'`
    : code
}
