import type { Value } from '../../src/rego/index.ts'

/** A policy with something to decide on. */
export interface GeneratedProgram {
  readonly source: string
  readonly data: Value
  readonly input: Value
}

/** A reproducible source of randomness (mulberry32): at least 0, less than 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const KEYS = ['a', 'b', 'c', 'size', 'length', 'constructor', 'x y'] as const
const SCALARS = [
  '0',
  '1',
  '2',
  '1.5',
  '-3',
  '12345678901234567890',
  '"a"',
  '"b"',
  '"c"',
  '""',
  'true',
  'false',
  'null',
] as const

/** Writes policies that compile, from a seed: every variable is bound, no rule depends on itself. */
export class ProgramGenerator {
  readonly #random: () => number
  #variables = 0
  #rules: string[] = []
  #functions: string[] = []

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  generate(): GeneratedProgram {
    const imports = ['and', 'not', 'or'].map((word) => `import future.keywords.${word}\n`)
    const parts = ['package t\n', imports.join('')]
    const count = 2 + this.#below(6)
    for (let i = 0; i < count; i++) parts.push(this.#rule(i))
    return { source: `${parts.join('\n')}\n`, data: { base: this.#json(3) }, input: this.#json(3) }
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!
  }

  #fresh(): string {
    return `v${String(this.#variables++)}`
  }

  #json(depth: number): Value {
    if (depth === 0 || this.#chance(0.2))
      return this.#pick<Value>([0, 1, 2, 1.5, 'a', 'b', '', true, false, null])
    const size = this.#below(4)
    if (this.#chance(0.5)) return Array.from({ length: size }, () => this.#json(depth - 1))
    return Object.fromEntries(
      Array.from({ length: size }, () => [this.#pick(KEYS), this.#json(depth - 1)]),
    )
  }

  #rule(number: number): string {
    const name = `r${String(number)}`
    const text = this.#pick([
      () => this.#complete(name),
      () => this.#complete(name),
      () => this.#set(name),
      () => this.#object(name),
      () => this.#nested(name),
      () => this.#function(name),
      () => this.#choice(name),
    ])()
    if (text.startsWith(`${name}(`)) this.#functions.push(name)
    else this.#rules.push(name)
    return text
  }

  #complete(name: string): string {
    const scope: string[] = []
    const body = this.#body(scope, 3)
    const fallback = this.#chance(0.3) ? `default ${name} := ${this.#pick(SCALARS)}\n\n` : ''
    return `${fallback}${name} := ${this.#term(scope, 2)} if {\n${body}\n}\n`
  }

  #choice(name: string): string {
    const bodies = Array.from({ length: 2 + this.#below(4) }, () => {
      const scope: string[] = []
      return `${name} if {\n\tinput.${this.#pick(['a', 'b'])} == ${this.#pick(SCALARS)}\n${this.#body(scope, 1)}\n}\n`
    })
    return bodies.join('\n')
  }

  #set(name: string): string {
    const scope: string[] = []
    const body = this.#body(scope, 3)
    return `${name} contains ${this.#term(scope, 1)} if {\n${body}\n}\n`
  }

  #object(name: string): string {
    const scope: string[] = []
    const body = this.#body(scope, 2)
    const key = this.#fresh()
    return `${name}[${key}] := ${this.#term(scope, 1)} if {\n${body}\n\t${key} := ${this.#term(scope, 0)}\n}\n`
  }

  #nested(name: string): string {
    const scope: string[] = []
    const body = this.#body(scope, 2)
    const key = this.#fresh()
    return `${name}.k[${key}].v contains ${this.#term(scope, 0)} if {\n${body}\n\t${key} := ${this.#term(scope, 0)}\n}\n`
  }

  #function(name: string): string {
    const scope = [this.#fresh(), this.#fresh()]
    const head = `${name}(${scope.join(', ')})`
    const body = this.#body(scope, 2)
    const other = this.#chance(0.4) ? ` else := ${this.#pick(SCALARS)}` : ''
    return `${head} := ${this.#term(scope, 1)} if {\n${body}\n}${other}\n`
  }

  #body(scope: string[], length: number): string {
    const lines = Array.from(
      { length: 1 + this.#below(length) },
      () => `\t${this.#literal(scope, 2)}`,
    )
    return lines.join('\n')
  }

  /** A literal; what it declares is in scope afterwards. */
  #literal(scope: string[], depth: number): string {
    const declare = (text: (name: string) => string): string => {
      const name = this.#fresh()
      const line = text(name)
      scope.push(name)
      return line
    }
    return this.#pick([
      () => declare((name) => `${name} := ${this.#term(scope, depth)}`),
      () => declare((name) => `some ${name} in ${this.#term(scope, depth)}`),
      () => {
        const domain = this.#term(scope, depth)
        const [key, value] = [this.#fresh(), this.#fresh()]
        scope.push(key, value)
        return `some ${key}, ${value} in ${domain}`
      },
      () => declare((name) => `${this.#document()}[${name}]`),
      () =>
        `${this.#term(scope, depth)} ${this.#pick(['==', '!=', '<', '<=', '>', '>='])} ${this.#term(scope, depth)}`,
      () => `not (${this.#term(scope, 1)} == ${this.#term(scope, 1)})`,
      () => `not ${this.#operandBody(scope)}`,
      () =>
        `${this.#operand(scope)} ${this.#pick(['and', 'or'])} ${this.#operand(scope)} ${this.#pick(['and', 'or'])} ${this.#operand(scope)}`,
      () => `${this.#term(scope, 1)} in ${this.#term(scope, depth)}`,
      () => {
        const name = this.#fresh()
        const domain = this.#term(scope, 1)
        return `every ${name} in ${domain} { ${name} != ${this.#term([...scope, name], 1)} }`
      },
      () =>
        declare((name) => `${name} := ${this.#document()} with input.a as ${this.#term(scope, 1)}`),
      () => declare((name) => `[${name}, _] = [${this.#term(scope, 1)}, ${this.#term(scope, 1)}]`),
    ])()
  }

  #operand(scope: readonly string[]): string {
    const test = (): string => `(${this.#term(scope, 1)} == ${this.#term(scope, 1)})`
    return this.#pick([
      test,
      () => `not ${test()}`,
      () => this.#operandBody(scope),
      () => `(${test()} ${this.#pick(['and', 'or'])} ${this.#pick(SCALARS)})`,
      () => `(${this.#document()} with input.a as ${this.#term(scope, 1)})`,
    ])()
  }

  #operandBody(scope: readonly string[]): string {
    const inside = [...scope]
    return `{ ${this.#literal(inside, 1)}; ${this.#literal(inside, 1)} }`
  }

  #document(): string {
    const rule =
      this.#rules.length > 0 && this.#chance(0.5) ? `data.t.${this.#pick(this.#rules)}` : undefined
    return (
      rule ??
      this.#pick([
        'input',
        'input.a',
        'data.base',
        'data.base.b',
        'input.b[0]',
        'data.base["length"]',
      ])
    )
  }

  #term(scope: readonly string[], depth: number): string {
    if (depth === 0)
      return scope.length > 0 && this.#chance(0.6) ? this.#pick(scope) : this.#pick(SCALARS)
    return this.#pick([
      () => this.#term(scope, 0),
      () => this.#term(scope, 0),
      () => this.#document(),
      () => `${this.#document()}[${this.#term(scope, 0)}]`,
      () => `[${this.#term(scope, depth - 1)}, ${this.#term(scope, depth - 1)}]`,
      () => `{${this.#term(scope, depth - 1)}, ${this.#term(scope, depth - 1)}}`,
      () => `{"${this.#pick(['a', 'b', '__proto__'])}": ${this.#term(scope, depth - 1)}}`,
      () => this.#comprehension(scope),
      () => `count(${this.#term(scope, depth - 1)})`,
      () => `(${this.#term(scope, 0)} ${this.#pick(['+', '-', '*'])} ${this.#term(scope, 0)})`,
      () => `type_name(${this.#term(scope, depth - 1)})`,
      () => `$"<{${this.#term(scope, 0)}}>"`,
      () =>
        this.#functions.length === 0
          ? this.#document()
          : `${this.#pick(this.#functions)}(${this.#term(scope, 0)}, ${this.#term(scope, 0)})`,
    ])()
  }

  #comprehension(scope: readonly string[]): string {
    const inner = [...scope]
    const body = this.#literal(inner, 1)
    const value = this.#term(inner, 0)
    return this.#pick([
      `[${value} | ${body}]`,
      `{${value} | ${body}}`,
      `{${this.#term(inner, 0)}: ${value} | ${body}}`,
    ])
  }
}
