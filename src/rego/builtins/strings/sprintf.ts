import { isNumber, numberText, toDouble, toTermText } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { formatFloat } from './format-float.ts'
import { formatInteger } from './format-integer.ts'
import { NO_FLAGS, pad } from './format-spec.ts'
import type { Flags, FormatSpec } from './format-spec.ts'
import { formatText } from './format-text.ts'

/** An operand as in Go: integers and fractions are numbers, everything else is text. */
type Operand = bigint | number | string

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)
/** Widths may come from inputs, so padding is limited, as in Go. */
const WIDTH_MAX = 1_000_000

function operandOf(value: Value): Operand {
  if (typeof value === 'string') return value
  if (!isNumber(value)) return toTermText(value)
  // Like OPA, this goes by the text: a number written with an exponent but without a point stays text.
  const text = numberText(value)
  if (/^-?\d+$/.test(text)) return BigInt(text)
  return text.includes('.') ? toDouble(value) : text
}

function typeOf(operand: Operand): string {
  if (typeof operand === 'string') return 'string'
  if (typeof operand === 'number') return 'float64'
  return operand > INT64_MAX || operand < INT64_MIN ? 'big.Int' : 'int64'
}

/** Formats like Go's `fmt.Sprintf`, including its errors within the text (`%!d(string=x)`, `%!(EXTRA …)`). */
export function sprintf(format: string, values: readonly Value[]): string {
  return new Formatter(format, values.map(operandOf)).run()
}

class Formatter {
  readonly #format: string
  readonly #operands: readonly Operand[]
  #position = 0
  #next = 0
  #reordered = false
  #badIndex = false

  constructor(format: string, operands: readonly Operand[]) {
    this.#format = format
    this.#operands = operands
  }

  run(): string {
    const output: string[] = []
    while (this.#position < this.#format.length) {
      const percent = this.#format.indexOf('%', this.#position)
      const end = percent < 0 ? this.#format.length : percent
      output.push(this.#format.slice(this.#position, end))
      this.#position = end + 1
      if (percent >= 0) output.push(this.#directive())
    }
    if (!this.#reordered && this.#next < this.#operands.length) {
      const extra = this.#operands
        .slice(this.#next)
        .map((operand) => `${typeOf(operand)}=${plain(operand)}`)
      output.push(`%!(EXTRA ${extra.join(', ')})`)
    }
    return output.join('')
  }

  #directive(): string {
    this.#badIndex = false
    const flags = this.#flags()
    let width = this.#count(true)
    let minus = flags.minus
    if (width !== undefined && width < 0) {
      minus = true
      width = -width
    }
    const precision = this.#accept('.') ? (this.#count(false) ?? 0) : undefined
    this.#index()
    const verb = String.fromCodePoint(this.#format.codePointAt(this.#position) ?? 0)
    if (this.#position >= this.#format.length) return '%!(NOVERB)'
    this.#position += verb.length
    if (verb === '%') return '%'
    if (this.#badIndex) return `%!${verb}(BADINDEX)`
    const operand = this.#operands[this.#next]
    if (operand === undefined) return `%!${verb}(MISSING)`
    this.#next++
    return formatOperand(
      { flags: { ...flags, minus, zero: flags.zero && !minus }, width, precision, verb },
      operand,
    )
  }

  #flags(): Flags {
    const flags = { ...NO_FLAGS }
    for (;;) {
      if (this.#accept('#')) flags.sharp = true
      else if (this.#accept('0')) flags.zero = true
      else if (this.#accept('+')) flags.plus = true
      else if (this.#accept('-')) flags.minus = true
      else if (this.#accept(' ')) flags.space = true
      else return flags
    }
  }

  /**
   * A width or precision: a number, or `*` for the next operand. As in Go, one that is far too large ends the format.
   */
  #count(signed: boolean): number | undefined {
    this.#index()
    if (this.#accept('*')) {
      const operand = this.#operands[this.#next++]
      const usable = typeof operand === 'bigint' && (signed || operand >= 0n)
      return usable && operand <= WIDTH_MAX && operand >= -WIDTH_MAX ? Number(operand) : undefined
    }
    const digits = /\d*/y
    digits.lastIndex = this.#position
    const text = digits.exec(this.#format)?.[0] ?? ''
    this.#position += text.length
    if (Number(text.slice(0, -1)) > WIDTH_MAX) this.#position = this.#format.length
    return text === '' ? undefined : Math.min(Number(text), WIDTH_MAX)
  }

  /** An explicit operand index, `[n]`. */
  #index(): void {
    if (this.#format[this.#position] !== '[') return
    this.#reordered = true
    const close = this.#format.indexOf(']', this.#position)
    const text = close < 0 ? '' : this.#format.slice(this.#position + 1, close)
    this.#position = close < 0 ? this.#position + 1 : close + 1
    const index = /^\d+$/.test(text) ? Number(text) : 0
    if (index < 1 || index > this.#operands.length) this.#badIndex = true
    else this.#next = index - 1
  }

  #accept(character: string): boolean {
    if (this.#format[this.#position] !== character) return false
    this.#position++
    return true
  }
}

function formatOperand(spec: FormatSpec, operand: Operand): string {
  if (spec.verb === 'T')
    return pad(spec, typeOf(operand) === 'big.Int' ? '*big.Int' : typeOf(operand))
  const formatted = formatByType(spec, operand)
  if (formatted !== undefined) return formatted
  return `%!${spec.verb}(${typeOf(operand)}=${formatByType({ ...spec, verb: 'v' }, operand)})`
}

function formatByType(spec: FormatSpec, operand: Operand): string | undefined {
  if (typeof operand === 'string') return formatText(spec, operand)
  if (typeof operand === 'number') return formatFloat(spec, operand)
  return formatInteger(spec, operand, typeOf(operand) === 'big.Int')
}

function plain(operand: Operand): string | undefined {
  return formatByType(
    { flags: NO_FLAGS, width: undefined, precision: undefined, verb: 'v' },
    operand,
  )
}
