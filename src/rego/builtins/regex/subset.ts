/**
 * The patterns for which the platform's own regular expressions are safe: where every step of a match
 * is forced, so that backtracking has nothing to try.
 *
 * A pattern qualifies when it is a sequence of characters, classes, `.` and groups of literals, each
 * perhaps repeated, such that (1) what a repeated part may continue with and what may follow it never
 * begin with the same character, (2) no literal of a group begins another one, and (3) it is anchored at
 * the start, or bounded in length, so that starting anew at each position stays linear. The pattern is
 * then written anew from the parsed parts, character ranges spelled out: no meaning is left to the
 * differences between the two dialects.
 */

/** Inclusive ranges of code points, ascending. */
type Ranges = readonly (readonly [number, number])[]

interface Part {
  /** Source in the platform's dialect, without the repetition. */
  readonly source: string
  /** What it may begin with. */
  readonly first: Ranges
  readonly lengthMax: number
  readonly min: number
  readonly max: number
}

const CODE_POINT_MAX = 0x10ffff
const LENGTH_MAX = 512
const ANY: Ranges = [
  [0, 9],
  [11, CODE_POINT_MAX],
]
const DIGIT: Ranges = [[48, 57]]
const WORD: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
const SPACE: Ranges = [
  [9, 10],
  [12, 13],
  [32, 32],
]
const PERL_CLASSES: Readonly<Record<string, Ranges>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
}
const ESCAPABLE = /^[!-/:-@[-`{-~]$/
const LITERAL = /^[^\\.+*?()|[\]{}^$]$/u

/** The equivalent platform pattern, or `undefined` when it is not proven linear. */
export function linearSource(pattern: string): string | undefined {
  const reader = new SubsetReader(pattern)
  const parts = reader.read()
  if (parts === undefined) return undefined
  const { startAnchored, endAnchored } = reader
  if (!startAnchored && totalLength(parts) > LENGTH_MAX) return undefined
  if (!isForced(parts)) return undefined
  const body = parts.map(({ source, min, max }) => source + repetition(min, max)).join('')
  return (startAnchored ? '^' : '') + body + (endAnchored ? '$' : '')
}

function totalLength(parts: readonly Part[]): number {
  return parts.reduce((sum, { lengthMax, max }) => sum + lengthMax * max, 0)
}

/** Whether a repeated part never shares a first character with what may follow it. */
function isForced(parts: readonly Part[]): boolean {
  return parts.every((part, i) => {
    if (part.min === part.max) return true
    for (const following of parts.slice(i + 1)) {
      if (overlaps(part.first, following.first)) return false
      if (following.min > 0) return true
    }
    return true
  })
}

function repetition(min: number, max: number): string {
  if (min === 1 && max === 1) return ''
  return max === Infinity ? `{${min},}` : `{${min},${max}}`
}

function complement(ranges: Ranges): Ranges {
  const result: [number, number][] = []
  let next = 0
  for (const [low, high] of ranges) {
    if (low > next) result.push([next, low - 1])
    next = high + 1
  }
  if (next <= CODE_POINT_MAX) result.push([next, CODE_POINT_MAX])
  return result
}

function union(ranges: Ranges): Ranges {
  const result: [number, number][] = []
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high)
    else result.push([low, high])
  }
  return result
}

function overlaps(a: Ranges, b: Ranges): boolean {
  return a.some(([low, high]) =>
    b.some(([otherLow, otherHigh]) => low <= otherHigh && otherLow <= high),
  )
}

function classSource(ranges: Ranges): string {
  const point = (code: number): string => `\\u{${code.toString(16)}}`
  return `[${ranges.map(([low, high]) => (low === high ? point(low) : `${point(low)}-${point(high)}`)).join('')}]`
}

class SubsetReader {
  startAnchored = false
  endAnchored = false
  readonly #characters: readonly string[]
  #position = 0

  constructor(pattern: string) {
    this.#characters = Array.from(pattern)
  }

  read(): Part[] | undefined {
    this.startAnchored = this.#accept('^')
    const parts: Part[] = []
    while (this.#position < this.#characters.length) {
      if (this.#peek() === '$' && this.#position === this.#characters.length - 1) {
        this.endAnchored = true
        return parts
      }
      const part = this.#part()
      if (part === undefined) return undefined
      parts.push(part)
    }
    return parts
  }

  #part(): Part | undefined {
    const grouped = this.#accept('(')
    const atom = grouped ? this.#group() : this.#single()
    const repeated = atom === undefined ? undefined : this.#repetition()
    if (atom === undefined || repeated === undefined) return undefined
    const [min, max] = repeated
    // A repeated group could match itself over several paths; only single characters are repeated.
    return grouped && (min !== 1 || max !== 1) ? undefined : { ...atom, min, max }
  }

  #single(): Omit<Part, 'min' | 'max'> | undefined {
    const ranges = this.#ranges()
    return ranges === undefined || ranges.length === 0
      ? undefined
      : { source: classSource(ranges), first: ranges, lengthMax: 1 }
  }

  #ranges(): Ranges | undefined {
    const character = this.#next()
    if (character === '.') return ANY
    if (character === '[') return this.#class()
    if (character === '\\') return this.#escape()
    return character !== undefined && LITERAL.test(character) ? single(character) : undefined
  }

  #escape(): Ranges | undefined {
    const character = this.#next() ?? ''
    return PERL_CLASSES[character] ?? (ESCAPABLE.test(character) ? single(character) : undefined)
  }

  #class(): Ranges | undefined {
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
    return negated ? complement(union(ranges)) : union(ranges)
  }

  /** The range that begins with a member; the member itself when no range follows. */
  #rangeEnd(low: Ranges): Ranges | undefined {
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

  /** `(literal|literal|…)`, none of which begins another. */
  #group(): Omit<Part, 'min' | 'max'> | undefined {
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
    const sources = words.map((word) => word.map((code) => `\\u{${code.toString(16)}}`).join(''))
    return {
      source: `(?:${sources.join('|')})`,
      first: union(words.map((word) => [word[0]!, word[0]!])),
      lengthMax: Math.max(...words.map((word) => word.length)),
    }
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

function single(character: string): Ranges {
  const code = character.codePointAt(0) ?? 0
  return [[code, code]]
}
