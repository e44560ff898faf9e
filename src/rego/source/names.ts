import type { Value } from '../values/index.ts'

/** A string literal for a generated program. Nothing else but generated names may be inserted into its text. */
export function stringLiteral(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

const TEXT_MAX = 64

/** The constants of a generated program, which are passed to it and not written into it. */
export class Constants {
  readonly values: unknown[] = []
  readonly #byValue = new Map<unknown, string>()

  /** The name of a constant. */
  name(value: unknown): string {
    let name = this.#byValue.get(value)
    if (name === undefined) {
      name = `K[${String(this.values.length)}]`
      this.values.push(value)
      this.#byValue.set(value, name)
    }
    return name
  }

  /** A scalar as a literal, anything else by name. */
  literal(value: Value): string {
    if (value === null || typeof value === 'boolean') return String(value)
    if (typeof value === 'number') return value < 0 ? `(${String(value)})` : String(value)
    if (typeof value === 'string' && value.length <= TEXT_MAX) return stringLiteral(value)
    return this.name(value)
  }
}
