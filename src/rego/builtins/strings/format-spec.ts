import { codePointCount } from '../code-points.ts'

/** The flags of a formatting directive. */
export interface Flags {
  readonly sharp: boolean
  readonly zero: boolean
  readonly plus: boolean
  readonly minus: boolean
  readonly space: boolean
}

/** A formatting directive, `%[flags][width][.precision]verb`. */
export interface FormatSpec {
  readonly flags: Flags
  readonly width: number | undefined
  readonly precision: number | undefined
  readonly verb: string
}

export const NO_FLAGS: Flags = {
  sharp: false,
  zero: false,
  plus: false,
  minus: false,
  space: false,
}

/** Fills up to the width, counted in characters: left-aligned with `-`, with zeros with `0`. */
export function pad({ flags, width = 0 }: FormatSpec, text: string): string {
  const missing = width - codePointCount(text)
  if (missing <= 0) return text
  if (flags.minus) return text + ' '.repeat(missing)
  return (flags.zero ? '0' : ' ').repeat(missing) + text
}

/** Like {@link pad}, with zeros between sign and digits. */
export function padNumber(spec: FormatSpec, sign: string, digits: string): string {
  if (!spec.flags.zero || spec.flags.minus)
    return pad({ ...spec, flags: { ...spec.flags, zero: false } }, sign + digits)
  return sign + pad({ ...spec, width: (spec.width ?? 0) - sign.length }, digits)
}

/** The sign that a number is written with. */
export function signOf({ flags, verb }: FormatSpec, negative: boolean): string {
  if (negative) return '-'
  if (flags.plus && verb !== 'v') return '+'
  return flags.space ? ' ' : ''
}
