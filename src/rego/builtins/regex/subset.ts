import type { CharSet } from '../../patterns/char-set.ts'
import { charSet, complement } from '../../patterns/char-set.ts'
import type { Pattern } from '../../patterns/syntax.ts'

const DIGIT: CharSet = [[48, 57]]
const WORD: CharSet = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
const SPACE: CharSet = [
  [9, 10],
  [12, 13],
  [32, 32],
]
const ANY: CharSet = complement([[10, 10]])
const PERL_CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
}
const ESCAPABLE = /^[!-/:-@[-`{-~]$/
const LITERAL = /^[^\\.+*?()|[\]{}^$]$/u

const START: Pattern = { kind: 'assertion', at: 'start' }
const END: Pattern = { kind: 'assertion', at: 'end' }

const chars = (set: CharSet): Pattern => ({ kind: 'chars', set, properties: undefined })

/**
 * Reads a pattern of RE2's syntax if it is a sequence of characters, classes, `.` and groups of literals, each
 * optionally repeated; `undefined` for any other pattern, which is left to RE2 itself.
 */
export function readRe2(pattern: string): Pattern | undefined {
  return new SubsetReader(pattern).read()
}

class SubsetReader {
  readonly #characters: readonly string[]
  #position = 0

  constructor(pattern: string) {
    this.#characters = Array.from(pattern)
  }

  read(): Pattern | undefined {
    const parts: Pattern[] = this.#accept('^') ? [START] : []
    while (this.#position < this.#characters.length) {
      if (this.#peek() === '$' && this.#position === this.#characters.length - 1) {
        parts.push(END)
        break
      }
      const part = this.#part()
      if (part === undefined) return undefined
      parts.push(part)
    }
    return { kind: 'sequence', parts }
  }

  #part(): Pattern | undefined {
    const part = this.#accept('(') ? this.#group() : this.#single()
    const repeated = part === undefined ? undefined : this.#repetition()
    if (part === undefined || repeated === undefined) return undefined
    const [min, max] = repeated
    return min === 1 && max === 1 ? part : { kind: 'repeat', part, min, max }
  }

  #single(): Pattern | undefined {
    const set = this.#ranges()
    return set === undefined || set.length === 0 ? undefined : chars(set)
  }

  #ranges(): CharSet | undefined {
    const character = this.#next()
    if (character === '.') return ANY
    if (character === '[') return this.#class()
    if (character === '\\') return this.#escape()
    return character !== undefined && LITERAL.test(character) ? single(character) : undefined
  }

  #escape(): CharSet | undefined {
    const character = this.#next() ?? ''
    return PERL_CLASSES[character] ?? (ESCAPABLE.test(character) ? single(character) : undefined)
  }

  #class(): CharSet | undefined {
    const negated = this.#accept('^')
    const ranges: (readonly [number, number])[] = []
    for (
      let character = this.#next();
      character !== ']' || ranges.length === 0;
      character = this.#next()
    ) {
      if (character === undefined || character === '[' || character === ']') return undefined
      const low = character === '\\' ? this.#escape() : single(character)
      if (low === undefined) return undefined
      const high = this.#rangeEnd(low)
      if (high === undefined) return undefined
      ranges.push(...high)
    }
    return negated ? complement(charSet(ranges)) : charSet(ranges)
  }

  /** The range that begins with a member; the member itself when no range follows. */
  #rangeEnd(low: CharSet): CharSet | undefined {
    if (this.#peek() !== '-' || this.#characters[this.#position + 1] === ']') return low
    this.#position++
    const character = this.#next()
    const high =
      character === '\\' ? this.#escape() : character === undefined ? undefined : single(character)
    const [start, end] = [low[0]?.[0], high?.[0]?.[0]]
    const isSimple =
      low.length === 1 &&
      low[0]![0] === low[0]![1] &&
      high?.length === 1 &&
      high[0]![0] === high[0]![1]
    return isSimple && start !== undefined && end !== undefined && start <= end && character !== '['
      ? [[start, end]]
      : undefined
  }

  /** `(literal|literal|…)`, where no literal is a prefix of another. */
  #group(): Pattern | undefined {
    if (this.#accept('?') && !this.#accept(':')) return undefined
    const words: number[][] = [[]]
    for (let character = this.#next(); character !== ')'; character = this.#next()) {
      const ranges = character === '\\' ? this.#escape() : undefined
      const code =
        ranges === undefined
          ? character?.codePointAt(0)
          : ranges.length === 1
            ? ranges[0]![0]
            : undefined
      if (
        code === undefined ||
        (ranges === undefined && character !== '|' && !LITERAL.test(character!))
      )
        return undefined
      if (ranges !== undefined && ranges[0]![0] !== ranges[0]![1]) return undefined
      if (character === '|') words.push([])
      else words.at(-1)!.push(code)
    }
    const texts = words.map((word) => String.fromCodePoint(...word))
    const distinct = texts.every(
      (text, i) => text !== '' && texts.every((other, j) => i === j || !other.startsWith(text)),
    )
    if (!distinct) return undefined
    return choiceOf(words)
  }

  #repetition(): readonly [number, number] | undefined {
    const next = this.#peek()
    if (next === '{') return this.#counted()
    const simple: Readonly<Record<string, readonly [number, number]>> = {
      '*': [0, Infinity],
      '+': [1, Infinity],
      '?': [0, 1],
    }
    const found = next === undefined ? undefined : simple[next]
    if (found === undefined) return [1, 1]
    this.#position++
    const after = this.#peek()
    return after !== undefined && '*+?{'.includes(after) ? undefined : found
  }

  /** `{n}` or `{n,m}` or `{n,}`, up to RE2's limit of 1000. */
  #counted(): readonly [number, number] | undefined {
    const close = this.#characters.indexOf('}', this.#position)
    const text = close < 0 ? '' : this.#characters.slice(this.#position + 1, close).join('')
    const match = /^(\d{1,4})(?:(,)(\d{0,4}))?$/.exec(text)
    if (match === null) return undefined
    this.#position = close + 1
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === '' ? Infinity : Number(match[3])
    const after = this.#peek()
    const nested = after !== undefined && '*+?{'.includes(after)
    return nested || min > 1_000 || (max !== Infinity && (max > 1_000 || max < min))
      ? undefined
      : [min, max]
  }

  #peek(): string | undefined {
    return this.#characters[this.#position]
  }

  #next(): string | undefined {
    return this.#characters[this.#position++]
  }

  #accept(character: string): boolean {
    if (this.#peek() !== character) return false
    this.#position++
    return true
  }
}

/** A choice between words: common prefixes are read once, so that each next character decides. */
function choiceOf(words: readonly (readonly number[])[]): Pattern {
  const groups = new Map<number, (readonly number[])[]>()
  for (const [code = 0, ...rest] of words) {
    const group = groups.get(code)
    if (group === undefined) groups.set(code, [rest])
    else group.push(rest)
  }
  const options = Array.from(groups, ([code, rests]): Pattern => {
    const char = chars([[code, code]])
    const more = rests.filter((rest) => rest.length > 0)
    return more.length === 0 ? char : { kind: 'sequence', parts: [char, choiceOf(more)] }
  })
  return options.length === 1 ? options[0]! : { kind: 'choice', options }
}

function single(character: string): CharSet {
  const code = character.codePointAt(0) ?? 0
  return [[code, code]]
}
