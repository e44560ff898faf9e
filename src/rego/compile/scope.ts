import type { Body, Term } from '../syntax/ast.ts'
import type { Local } from './core.ts'

export type Declaration = 'arg' | 'assigned' | 'declared'

interface Entry {
  readonly local: Local
  readonly how: Declaration
  used: boolean
}

/** Names that a body declares anywhere, which hide the rules and imports of the same names. */
export function declaredNames(body: Body, into: Set<string> = new Set()): Set<string> {
  for (const literal of body) {
    const { expression } = literal
    if (expression.kind === 'some') for (const variable of expression.vars) into.add(variable.name)
    else if (expression.kind === 'some-in') {
      if (expression.key !== undefined) patternNames(expression.key, into)
      patternNames(expression.value, into)
    } else if (
      expression.kind === 'term' &&
      expression.term.kind === 'call' &&
      expression.term.infix === ':='
    ) {
      patternNames(expression.term.args[0]!, into)
    }
  }
  return into
}

/** The variables of a pattern. */
export function patternNames(term: Term, into: Set<string>): void {
  switch (term.kind) {
    case 'var':
      into.add(term.name)
      break
    case 'array':
      for (const item of term.items) patternNames(item, into)
      break
    case 'object':
      for (const [, value] of term.entries) patternNames(value, into)
      break
    case 'boolean':
    case 'call':
    case 'comprehension':
    case 'null':
    case 'number':
    case 'ref':
    case 'set':
    case 'string':
    case 'template':
    default:
      break
  }
}

/** The names known in one body; bodies nest. */
export class Scope {
  readonly parent: Scope | undefined
  readonly #entries = new Map<string, Entry>()
  readonly #hidden: ReadonlySet<string>
  readonly #referenced = new Set<string>()

  constructor(parent: Scope | undefined, hidden: ReadonlySet<string>) {
    this.parent = parent
    this.#hidden = hidden
  }

  /** Finds what a name was declared as, here or in an enclosing scope. */
  find(name: string): Local | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return this.parent?.find(name)
    entry.used = true
    return entry.local
  }

  /** Whether a name hides rules and imports, even if it is not declared yet. */
  hides(name: string): boolean {
    return this.#hidden.has(name) || this.parent?.hides(name) === true
  }

  /** Notes that a name was used before any declaration. */
  reference(name: string): void {
    this.#referenced.add(name)
  }

  /** Declares a name; returns a message if that is not allowed. */
  declare(name: string, local: Local, how: Declaration): string | undefined {
    const before = this.#entries.get(name)
    if (before !== undefined) {
      return before.how === 'arg' ? `arg ${name} redeclared` : `var ${name} ${before.how} above`
    }
    if (this.#referenced.has(name)) return `var ${name} referenced above`
    this.#entries.set(name, { local, how, used: false })
    return undefined
  }

  /** Whether this scope itself declared a name. */
  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** The declared names that were never used. */
  unused(): Local[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.how === 'declared' && !entry.used)
      .map((entry) => entry.local)
  }
}
