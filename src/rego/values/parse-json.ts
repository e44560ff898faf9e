import { parseNumber } from './decimal.ts'
import { setOwn } from './object.ts'
import type { Value } from './value.ts'

const DEPTH_MAX = 5_000
/** A double holds every decimal of up to 15 digits; only longer ones and exponents need the exact reader. */
const PERHAPS_INEXACT = /[\d.]{16}|\d[eE][+-]?\d{2}/
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const STRING = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy
const SPACE = /[ \t\n\r]*/y

/**
 * Reads JSON without loss: a number that a double cannot hold becomes an `RBig`.
 * @throws SyntaxError when the text is not JSON.
 */
export function parseJson(text: string): Value {
  return PERHAPS_INEXACT.test(text) ? new Reader(text).document() : (JSON.parse(text) as Value)
}

class Reader {
  readonly #text: string
  #position = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): Value {
    const value = this.#value()
    this.#take(SPACE)
    if (this.#position < this.#text.length) this.#fail()
    return value
  }

  #value(): Value {
    this.#take(SPACE)
    const next = this.#text[this.#position]
    if (next === '{') return this.#nested(() => this.#object())
    if (next === '[') return this.#nested(() => this.#array())
    if (next === '"') return this.#string()
    if (next === 't') return this.#word('true', true)
    if (next === 'f') return this.#word('false', false)
    if (next === 'n') return this.#word('null', null)
    return parseNumber(this.#take(NUMBER) || this.#fail())
  }

  #nested(read: () => Value): Value {
    if (++this.#depth > DEPTH_MAX) throw new SyntaxError('JSON is nested too deeply')
    this.#position++
    const value = read()
    this.#depth--
    return value
  }

  #object(): Value {
    const object: { [key: string]: Value } = {}
    if (this.#accept('}')) return object
    do {
      this.#take(SPACE)
      const key = this.#string()
      if (!this.#accept(':')) this.#fail()
      setOwn(object, key, this.#value())
    } while (this.#accept(','))
    return this.#accept('}') ? object : this.#fail()
  }

  #array(): Value {
    const items: Value[] = []
    if (this.#accept(']')) return items
    do items.push(this.#value())
    while (this.#accept(','))
    return this.#accept(']') ? items : this.#fail()
  }

  #string(): string {
    return JSON.parse(this.#take(STRING) || this.#fail()) as string
  }

  #word(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#position)) this.#fail()
    this.#position += word.length
    return value
  }

  #accept(character: string): boolean {
    this.#take(SPACE)
    if (this.#text[this.#position] !== character) return false
    this.#position++
    return true
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#position += found.length
    return found
  }

  #fail(): never {
    const found = this.#text[this.#position]
    throw new SyntaxError(
      found === undefined
        ? 'unexpected end of JSON input'
        : `invalid character '${found}' in JSON at position ${this.#position}`,
    )
  }
}
