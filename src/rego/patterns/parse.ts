import type { CharSet } from './char-set.ts'
import { ALL, CLASS_ESCAPES, charSet, complement, DOT, NONE } from './char-set.ts'
import type { Pattern, Properties } from './syntax.ts'

/** A parsed pattern, or the construct that makes it impossible to match in linear time. */
export type ParsedPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly unsupported: string }

const CONTROL_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 }

const UNSUPPORTED_GROUPS: readonly (readonly [opening: string, name: string])[] = [
  ['(?=', 'lookahead'],
  ['(?!', 'lookahead'],
  ['(?<=', 'lookbehind'],
  ['(?<!', 'lookbehind'],
]

/** A member of a class or an escape: plain code points, or a property. */
type Atom =
  | { readonly set: CharSet; readonly single: number | undefined; readonly property?: undefined }
  | { readonly set?: undefined; readonly property: Properties['names'][number] }

/**
 * Parses a pattern of ECMA-262 with the flag `u`, which JSON Schema recommends (core §6.4). The caller must have made
 * sure that it is valid (`new RegExp(pattern, 'u')`).
 */
export function parsePattern(source: string): ParsedPattern {
  const parser = new Parser(Array.from(source))
  const pattern = parser.choice()
  return parser.unsupported === undefined
    ? { ok: true, pattern }
    : { ok: false, unsupported: parser.unsupported }
}

class Parser {
  unsupported: string | undefined
  readonly #chars: readonly string[]
  #at = 0

  constructor(chars: readonly string[]) {
    this.#chars = chars
  }

  choice(): Pattern {
    const options = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    return options.length === 1 ? options[0]! : { kind: 'choice', options }
  }

  #sequence(): Pattern {
    const parts: Pattern[] = []
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === '|' || next === ')') break
      parts.push(this.#quantified(this.#term()))
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts }
  }

  #quantified(part: Pattern): Pattern {
    const [min, max] = this.#quantifier()
    if (min === 1 && max === 1) return part
    this.#take('?')
    return { kind: 'repeat', part, min, max }
  }

  #quantifier(): readonly [number, number] {
    if (this.#take('*')) return [0, Infinity]
    if (this.#take('+')) return [1, Infinity]
    if (this.#take('?')) return [0, 1]
    if (!this.#take('{')) return [1, 1]
    const [min = '', max] = this.#until('}').split(',')
    if (max === undefined) return [Number(min), Number(min)]
    return [Number(min), max === '' ? Infinity : Number(max)]
  }

  #term(): Pattern {
    const char = this.#next()
    switch (char) {
      case '^':
        return { kind: 'assertion', at: 'start' }
      case '$':
        return { kind: 'assertion', at: 'end' }
      case '.':
        return plain(DOT)
      case '(':
        return this.#group()
      case '[':
        return this.#class()
      case '\\':
        return this.#escapedTerm()
      default:
        return plain(one(char))
    }
  }

  #group(): Pattern {
    for (const [opening, name] of UNSUPPORTED_GROUPS) {
      if (this.#startsWith(opening.slice(1))) this.unsupported ??= name
    }
    if (this.#take('?')) {
      if (this.#take('<')) this.#until('>')
      else if (!this.#take(':')) {
        this.unsupported ??= 'a modifier group'
        this.#until(':')
      }
    }
    const inner = this.choice()
    this.#take(')')
    return inner
  }

  #escapedTerm(): Pattern {
    const char = this.#peek() ?? ''
    if (char === 'b' || char === 'B') {
      this.#next()
      return { kind: 'assertion', at: char === 'b' ? 'boundary' : 'inside' }
    }
    if (char === 'k' || (char >= '1' && char <= '9')) this.unsupported ??= 'a backreference'
    return classOf([this.#escape()], false)
  }

  #class(): Pattern {
    const negated = this.#take('^')
    const atoms: Atom[] = []
    while (!this.#take(']')) {
      const from = this.#classAtom()
      const canRange = this.#peek() === '-' && this.#peek(1) !== ']'
      if (!canRange || from.property !== undefined || from.single === undefined) {
        atoms.push(from)
        continue
      }
      this.#next()
      const to = this.#classAtom()
      const last = to.property === undefined ? to.single : undefined
      atoms.push({ set: [[from.single, last ?? from.single]], single: undefined })
    }
    return classOf(atoms, negated)
  }

  #classAtom(): Atom {
    const char = this.#next()
    if (char !== '\\') return single(char.codePointAt(0) ?? 0)
    if (this.#take('b')) return single(8)
    return this.#escape()
  }

  /** What follows a backslash, inside or outside a class. */
  #escape(): Atom {
    const char = this.#next()
    const set = CLASS_ESCAPES[char]
    if (set !== undefined) return { set, single: undefined }
    const control = CONTROL_ESCAPES[char]
    if (control !== undefined) return single(control)
    switch (char) {
      case '0':
        return single(0)
      case 'c':
        return single((this.#next().codePointAt(0) ?? 0) % 32)
      case 'x':
        return single(Number.parseInt(this.#next() + this.#next(), 16))
      case 'u':
        return single(this.#unicodeEscape())
      case 'p':
      case 'P':
        this.#take('{')
        return { property: { name: this.#until('}'), negated: char === 'P' } }
      default:
        return single(char.codePointAt(0) ?? 0)
    }
  }

  #unicodeEscape(): number {
    if (this.#take('{')) return Number.parseInt(this.#until('}'), 16)
    const unit = this.#fourDigits()
    const isLead = unit >= 0xd800 && unit <= 0xdbff
    if (!isLead || !this.#startsWith('\\u')) return unit
    const back = this.#at
    this.#at += 2
    const trail = this.#fourDigits()
    if (trail >= 0xdc00 && trail <= 0xdfff) {
      return 0x10000 + (unit - 0xd800) * 0x400 + (trail - 0xdc00)
    }
    this.#at = back
    return unit
  }

  #fourDigits(): number {
    const digits = this.#chars.slice(this.#at, this.#at + 4).join('')
    this.#at += 4
    return Number.parseInt(digits, 16)
  }

  #peek(ahead = 0): string | undefined {
    return this.#chars[this.#at + ahead]
  }

  #next(): string {
    return this.#chars[this.#at++] ?? ''
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false
    this.#at++
    return true
  }

  #startsWith(text: string): boolean {
    return this.#chars.slice(this.#at, this.#at + text.length).join('') === text
  }

  /** The text up to `end`, which is skipped too. */
  #until(end: string): string {
    let text = ''
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      this.#at++
      if (next === end) break
      text += next
    }
    return text
  }
}

const plain = (set: CharSet): Pattern => ({ kind: 'chars', set, properties: undefined })
const one = (char: string): CharSet => {
  const code = char.codePointAt(0) ?? 0
  return [[code, code]]
}
const single = (code: number): Atom => ({ set: [[code, code]], single: code })

function classOf(atoms: readonly Atom[], negated: boolean): Pattern {
  const ranges = charSet(atoms.flatMap((atom) => atom.set ?? NONE))
  const names = atoms.flatMap((atom) => atom.property ?? [])
  if (names.length === 0) return plain(negated ? complement(ranges) : ranges)
  return { kind: 'chars', set: ALL, properties: { negated, set: ranges, names } }
}
