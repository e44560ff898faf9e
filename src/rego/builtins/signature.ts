import {
  ANY,
  anyOf,
  arrayOf,
  BOOLEAN,
  named,
  NULL,
  NUMBER,
  objectOf,
  setOf,
  STRING,
  tuple,
} from './types.ts'
import type { BuiltinType } from './types.ts'

/** A parsed signature. */
export interface Signature {
  readonly args: readonly BuiltinType[]
  readonly result: BuiltinType
  readonly variadic: boolean
}

const SIMPLE: Readonly<Record<string, BuiltinType>> = {
  any: ANY,
  null: NULL,
  boolean: BOOLEAN,
  number: NUMBER,
  string: STRING,
}

/**
 * Reads a signature such as `object: object[any: any], key: any -> value: any`. Types are `any`, `null`,
 * `boolean`, `number`, `string`, `array[T]`, `set[T]`, `object[K: V]`, `[T, U]`, `{name: T, ...K: V}` and
 * unions `T | U`.
 * @throws SyntaxError when the text is malformed.
 */
export function parseSignature(text: string): Signature {
  const reader = new SignatureReader(text)
  const variadic = reader.accept('...')
  const args: BuiltinType[] = []
  if (!reader.accept('->')) {
    do args.push(reader.namedType())
    while (reader.accept(','))
    reader.expect('->')
  }
  return { args, result: reader.namedType(), variadic }
}

class SignatureReader {
  readonly #tokens: readonly string[]
  #position = 0

  constructor(text: string) {
    this.#tokens = text.match(/\w+|->|\.\.\.|\S/g) ?? []
  }

  accept(token: string): boolean {
    if (this.#tokens[this.#position] !== token) return false
    this.#position++
    return true
  }

  expect(token: string): void {
    if (!this.accept(token))
      throw new SyntaxError(`signature: expected ${token} at ${this.#tokens.join(' ')}`)
  }

  namedType(): BuiltinType {
    if (this.#tokens[this.#position + 1] !== ':') return this.#union()
    const name = this.#next()
    this.#position++
    return named(name, this.#union())
  }

  #union(): BuiltinType {
    const alternatives = [this.#type()]
    while (this.accept('|')) alternatives.push(this.#type())
    return alternatives.length === 1 ? alternatives[0]! : anyOf(...alternatives)
  }

  #type(): BuiltinType {
    const token = this.#next()
    const simple = SIMPLE[token]
    if (simple !== undefined) return simple
    if (token === '(') return this.#enclosed(')', () => this.#union())
    if (token === '[') return this.#enclosed(']', () => this.#tuple())
    if (token === '{') return this.#enclosed('}', () => this.#record())
    this.expect('[')
    return this.#enclosed(']', () => this.#collection(token))
  }

  #enclosed(close: string, read: () => BuiltinType): BuiltinType {
    const type = read()
    this.expect(close)
    return type
  }

  #tuple(): BuiltinType {
    const items = [this.#union()]
    while (this.accept(',')) items.push(this.#union())
    return tuple(...items)
  }

  #record(): BuiltinType {
    const properties: { key: string; value: BuiltinType }[] = []
    do {
      if (this.accept('...')) return { kind: 'object', properties, rest: this.#keyAndValue() }
      const key = this.#next()
      this.expect(':')
      properties.push({ key, value: this.#union() })
    } while (this.accept(','))
    return { kind: 'object', properties }
  }

  #collection(kind: string): BuiltinType {
    if (kind === 'array') return arrayOf(this.#union())
    if (kind === 'set') return setOf(this.#union())
    const { key, value } = this.#keyAndValue()
    return objectOf(key, value)
  }

  #keyAndValue(): { key: BuiltinType; value: BuiltinType } {
    const key = this.#union()
    this.expect(':')
    return { key, value: this.#union() }
  }

  #next(): string {
    return this.#tokens[this.#position++] ?? ''
  }
}
