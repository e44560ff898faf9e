import type { CharSet } from './char-set.ts'
import type { Pattern } from './syntax.ts'

/** Engines that recurse for each repetition run out of stack on longer texts, and then return wrong results. */
export const NATIVE_TEXT_MAX = 4096

const ASSERTIONS = { start: '^', end: '$', boundary: '\\b', inside: '\\B' } as const

/**
 * Writes a pattern without properties as the platform's own regular expression with the flag `u`; every class is
 * spelled out, so that differences between dialects do not matter.
 */
export function toNative(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'chars':
      return classText(pattern.set)
    case 'assertion':
      return ASSERTIONS[pattern.at]
    case 'sequence':
      return pattern.parts.map(toNative).join('')
    case 'choice':
      return `(?:${pattern.options.map(toNative).join('|')})`
    case 'repeat':
    default: {
      const { part, min, max } = pattern
      const text = part.kind === 'chars' ? toNative(part) : `(?:${toNative(part)})`
      return `${text}{${min},${max === Infinity ? '' : max}}`
    }
  }
}

const classText = (set: CharSet): string =>
  `[${set.map(([from, to]) => (from === to ? codePoint(from) : `${codePoint(from)}-${codePoint(to)}`)).join('')}]`

const codePoint = (code: number): string => `\\u{${code.toString(16)}}`
