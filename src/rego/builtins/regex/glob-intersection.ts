import { BuiltinError } from '../types.ts'

/** One position of a glob-like expression: what it accepts, and how often. */
interface Token {
  /** `undefined` accepts everything. */
  readonly accepts: readonly (readonly [number, number])[] | undefined
  readonly flag: '' | '+' | '*'
}

/**
 * Whether two glob-like expressions (`.`, `[a-z]`, `\`, each optionally with `+` or `*`) have a non-empty string in
 * common. Explores pairs of positions, so it takes at most the product of the two lengths.
 * @throws BuiltinError `input:…, pos:…, …`.
 */
export function haveCommonString(left: string, right: string): boolean {
  const a = tokenize(left)
  const b = tokenize(right)
  const seen = new Set<string>()
  // A state says how far each side is, and whether a character has been consumed yet.
  const pending: [number, number, boolean][] = [[0, 0, false]]
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    const [i, j, consumed] = state
    const key = `${i},${j},${consumed}`
    if (seen.has(key)) continue
    seen.add(key)
    if (consumed && isDone(a, i) && isDone(b, j)) return true
    for (const [x, nextI] of steps(a, i)) {
      for (const [y, nextJ] of steps(b, j))
        if (shareCharacter(x, y)) pending.push([nextI, nextJ, true])
    }
  }
  return false
}

/** States are twice the token's index, plus one once a `+` has been satisfied. */
function isDone(tokens: readonly Token[], state: number): boolean {
  return tokens
    .slice(state >> 1)
    .every((token, i) => token.flag === '*' || (i === 0 && (state & 1) === 1))
}

/** The tokens that may consume the next character, with the state that follows. */
function steps(tokens: readonly Token[], state: number): [Token, number][] {
  const found: [Token, number][] = []
  for (let at = state >> 1; at < tokens.length; at++) {
    const token = tokens[at]!
    const repeats = token.flag !== ''
    found.push([token, repeats ? at * 2 + 1 : (at + 1) * 2])
    const optional = token.flag === '*' || (at === state >> 1 && (state & 1) === 1)
    if (!optional) break
  }
  return found
}

function shareCharacter(a: Token, b: Token): boolean {
  const { accepts: rangesA } = a
  const { accepts: rangesB } = b
  if (rangesA === undefined) return rangesB === undefined || rangesB.length > 0
  if (rangesB === undefined) return rangesA.length > 0
  return rangesA.some(([low, high]) =>
    rangesB.some(([otherLow, otherHigh]) => low <= otherHigh && otherLow <= high),
  )
}

function tokenize(input: string): Token[] {
  return new Tokenizer(input).tokens()
}

class Tokenizer {
  readonly #input: string
  readonly #characters: readonly string[]
  #position = 0

  constructor(input: string) {
    this.#input = input
    this.#characters = Array.from(input)
  }

  tokens(): Token[] {
    const tokens: Token[] = []
    while (this.#position < this.#characters.length) {
      const accepts = this.#accepts()
      const flag = this.#characters[this.#position]
      if (flag === '+' || flag === '*') this.#position++
      tokens.push({ accepts, flag: flag === '+' || flag === '*' ? flag : '' })
    }
    return tokens
  }

  #accepts(): Token['accepts'] {
    const { character, escaped } = this.#next()
    if (escaped) return single(character)
    if (character === '.') return undefined
    if (character === '[') return this.#set()
    if (character === ']') throw this.#fail("set-close ']' with no preceding '['")
    if (character === '+' || character === '*')
      throw this.#fail(`flag '${character}' must be preceded by a non-flag`)
    return single(character)
  }

  #set(): Token['accepts'] {
    const ranges: (readonly [number, number])[] = []
    let previous: string | undefined
    while (this.#position < this.#characters.length) {
      const { character, escaped } = this.#next()
      if (!escaped && character === ']') return ranges
      if (!escaped && character === '-') {
        ranges.push(this.#range(previous))
        previous = undefined
      } else {
        ranges.push(...single(character))
        previous = character
      }
    }
    throw this.#fail('found [ without matching ]')
  }

  #range(previous: string | undefined): readonly [number, number] {
    if (previous === undefined)
      throw this.#fail("range character '-' must be preceded by a Unicode character")
    if (this.#position >= this.#characters.length - 1) {
      throw this.#fail("range character '-' must be followed by a Unicode character")
    }
    const { character, escaped } = this.#next()
    if (!escaped && (character === ']' || character === '-')) {
      throw this.#fail("range character '-' cannot be followed by a special symbol")
    }
    const [low, high] = [previous.codePointAt(0)!, character.codePointAt(0)!]
    if (high < low)
      throw this.#fail(
        `range is out of order: '${character}' comes before '${previous}' in Unicode`,
      )
    return [low, high]
  }

  #next(): { character: string; escaped: boolean } {
    const character = this.#characters[this.#position]!
    if (character !== '\\') {
      this.#position++
      return { character, escaped: false }
    }
    const escaped = this.#characters[this.#position + 1]
    if (escaped === undefined) throw this.#fail('input ends with a \\ (escape) character')
    this.#position += 2
    return { character: escaped, escaped: true }
  }

  #fail(reason: string): BuiltinError {
    return new BuiltinError(
      `input:${this.#input}, pos:${this.#position}, ${reason}: the input provided is invalid`,
    )
  }
}

function single(character: string): [[number, number]] {
  const code = character.codePointAt(0)!
  return [[code, code]]
}
