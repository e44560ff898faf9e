import type { CharSet } from './char-set.ts'
import type { Pattern, Properties } from './syntax.ts'

/** Long names of general categories (Unicode Standard Annex 44), for which RE2 uses letters. */
const CATEGORIES: Readonly<Record<string, string>> = {
  Letter: 'L',
  Lowercase_Letter: 'Ll',
  Uppercase_Letter: 'Lu',
  Titlecase_Letter: 'Lt',
  Modifier_Letter: 'Lm',
  Other_Letter: 'Lo',
  Mark: 'M',
  Nonspacing_Mark: 'Mn',
  Spacing_Mark: 'Mc',
  Number: 'N',
  Decimal_Number: 'Nd',
  digit: 'Nd',
  Letter_Number: 'Nl',
  Punctuation: 'P',
  punct: 'P',
  Symbol: 'S',
  Separator: 'Z',
  Space_Separator: 'Zs',
  Other: 'C',
  Control: 'Cc',
  cntrl: 'Cc',
}

const ASSERTIONS = { start: '\\A', end: '\\z', boundary: '\\b', inside: '\\B' } as const

/**
 * Writes a pattern in the syntax of RE2, with its meaning in ECMA-262: every class is spelled out, so that no
 * difference between the two (which characters are spaces, what `.` excludes) remains.
 */
export function toRe2(pattern: Pattern): string {
  if (pattern.kind === 'chars') {
    return pattern.properties === undefined
      ? classText(pattern.set, '', false)
      : propertyClass(pattern.properties)
  }
  if (pattern.kind === 'assertion') return ASSERTIONS[pattern.at]
  if (pattern.kind === 'sequence') return pattern.parts.map(toRe2).join('')
  if (pattern.kind === 'choice') return `(?:${pattern.options.map(toRe2).join('|')})`
  const { part, min, max } = pattern
  return `(?:${toRe2(part)}){${min},${max === Infinity ? '' : max}}`
}

function propertyClass({ negated, set, names }: Properties): string {
  const properties = names.map(
    (property) => `\\${property.negated ? 'P' : 'p'}{${re2Property(property.name)}}`,
  )
  return classText(set, properties.join(''), negated)
}

function re2Property(name: string): string {
  const value = name.replace(/^(?:General_Category|gc|Script|sc)=/, '')
  return CATEGORIES[value] ?? value
}

function classText(set: CharSet, properties: string, negated: boolean): string {
  // RE2 has no empty class, but nothing matches this one.
  if (set.length === 0 && properties === '') return '[^\\x{0}-\\x{10ffff}]'
  const ranges = set.map(([from, to]) =>
    from === to ? codePoint(from) : `${codePoint(from)}-${codePoint(to)}`,
  )
  return `[${negated ? '^' : ''}${ranges.join('')}${properties}]`
}

const codePoint = (code: number): string => `\\x{${code.toString(16)}}`
