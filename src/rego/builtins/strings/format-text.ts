import { quoteString } from '../../values/index.ts'
import { pad } from './format-spec.ts'
import type { FormatSpec } from './format-spec.ts'

const RAW_QUOTABLE = /^[^\p{Cc}`\u007f\ufeff]*$/u

/** Formats a string; `undefined` for a verb that strings do not have. */
export function formatText(spec: FormatSpec, text: string): string | undefined {
  const { verb, flags, precision } = spec
  const cut = precision === undefined ? text : Array.from(text).slice(0, precision).join('')
  if (verb === 's' || (verb === 'v' && !flags.sharp)) return pad(spec, cut)
  if (verb === 'v') return pad(spec, quoteString(cut))
  if (verb === 'q') {
    const raw = flags.sharp && RAW_QUOTABLE.test(cut.replaceAll('\t', ''))
    return pad(spec, raw ? `\`${cut}\`` : quoteString(cut, flags.plus))
  }
  if (verb === 'x' || verb === 'X') return pad(spec, hexText(spec, text))
  return undefined
}

function hexText({ verb, flags, precision }: FormatSpec, text: string): string {
  const bytes = new TextEncoder().encode(text).slice(0, precision)
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
  const prefix = flags.sharp && bytes.length > 0 ? '0x' : ''
  const joined = flags.space
    ? digits.map((pair) => prefix + pair).join(' ')
    : prefix + digits.join('')
  return verb === 'X' ? joined.toUpperCase() : joined
}
