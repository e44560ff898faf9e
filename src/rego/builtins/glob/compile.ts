import { BuiltinError } from '../types.ts'

/** A step of the automaton: consume a character, try several ways, or accept. */
export type State =
  | {
      readonly kind: 'character'
      readonly accepts: (code: number) => boolean
      readonly next: number
    }
  | { readonly kind: 'split'; readonly next: readonly number[] }
  | { readonly kind: 'accept' }

/** An automaton; it starts at the last state. */
export type Automaton = readonly State[]

type Node =
  | { readonly kind: 'one'; readonly accepts: (code: number) => boolean }
  | { readonly kind: 'many'; readonly accepts: (code: number) => boolean }
  | { readonly kind: 'choice'; readonly branches: readonly (readonly Node[])[] }

const STATES_MAX = 10_000

/**
 * Compiles a glob: `*` any run without a delimiter, `**` any run, `?` one character that is not a delimiter, `[abc]`,
 * `[!abc]`, `[a-z]`, `{a,b}` alternatives, `\` escapes.
 * @throws BuiltinError for a malformed range.
 */
export function compileGlob(pattern: string, delimiters: readonly string[]): Automaton {
  const separators = new Set(delimiters.map((delimiter) => delimiter.codePointAt(0)))
  const nodes = new GlobReader(pattern, (code) => !separators.has(code)).read()
  const states: State[] = [{ kind: 'accept' }]
  emit(nodes, states, 0)
  if (states.length > STATES_MAX) throw new BuiltinError('glob pattern is too large')
  return states
}

/** Adds the states of a sequence in front of `next`; returns where the sequence starts. */
function emit(nodes: readonly Node[], states: State[], next: number): number {
  let target = next
  for (const node of nodes.toReversed()) target = emitNode(node, states, target)
  // The automaton starts at its last state, so a sequence that added none gets one.
  if (target !== states.length - 1) target = states.push({ kind: 'split', next: [target] }) - 1
  return target
}

function emitNode(node: Node, states: State[], next: number): number {
  if (node.kind === 'one')
    return states.push({ kind: 'character', accepts: node.accepts, next }) - 1
  if (node.kind === 'many') {
    const split = states.length + 1
    const character = states.push({ kind: 'character', accepts: node.accepts, next: split }) - 1
    return states.push({ kind: 'split', next: [character, next] }) - 1
  }
  return (
    states.push({
      kind: 'split',
      next: node.branches.map((branch) => emit(branch, states, next)),
    }) - 1
  )
}

class GlobReader {
  readonly #characters: readonly string[]
  readonly #notDelimiter: (code: number) => boolean
  #position = 0

  constructor(pattern: string, notDelimiter: (code: number) => boolean) {
    this.#characters = Array.from(pattern)
    this.#notDelimiter = notDelimiter
  }

  read(): Node[] {
    return this.#sequence(false)
  }

  #sequence(within: boolean): Node[] {
    const nodes: Node[] = []
    for (let character = this.#peek(); character !== undefined; character = this.#peek()) {
      if (within && (character === ',' || character === '}')) return nodes
      this.#position++
      nodes.push(...this.#node(character))
    }
    return nodes
  }

  #node(character: string): Node[] {
    if (character === '?') return [{ kind: 'one', accepts: this.#notDelimiter }]
    if (character === '*')
      return [{ kind: 'many', accepts: this.#accept('*') ? () => true : this.#notDelimiter }]
    if (character === '[') return [{ kind: 'one', accepts: this.#range() }]
    if (character === '{') return [this.#choice()]
    const literal = character === '\\' ? this.#next() : character
    if (literal === undefined) return []
    const code = literal.codePointAt(0)
    return [{ kind: 'one', accepts: (other) => other === code }]
  }

  /** Alternatives; a missing `}` counts as present at the end. */
  #choice(): Node {
    const branches = [this.#sequence(true)]
    while (this.#accept(',')) branches.push(this.#sequence(true))
    this.#accept('}')
    return { kind: 'choice', branches }
  }

  #range(): (code: number) => boolean {
    const negated = this.#accept('!')
    const low = this.#peek()
    if (low !== undefined && this.#characters[this.#position + 1] === '-') {
      this.#position += 2
      const high = this.#next()
      if (high === undefined) throw new BuiltinError('unexpected end of input')
      this.#close()
      if (high < low)
        throw new BuiltinError(`hi character '${high}' should be greater than lo '${low}'`)
      const [from, to] = [low.codePointAt(0)!, high.codePointAt(0)!]
      return (code) => (code >= from && code <= to) !== negated
    }
    const members = this.#members()
    this.#close()
    if (members.size === 0) throw new BuiltinError('could not parse range')
    return (code) => members.has(code) !== negated
  }

  #members(): Set<number> {
    const members = new Set<number>()
    for (
      let character = this.#peek();
      character !== undefined && character !== ']';
      character = this.#peek()
    ) {
      this.#position++
      const literal = character === '\\' ? this.#next() : character
      if (literal !== undefined) members.add(literal.codePointAt(0)!)
    }
    return members
  }

  #close(): void {
    const character = this.#next()
    if (character === undefined) throw new BuiltinError('unexpected end of input')
    if (character !== ']') throw new BuiltinError('expected close range character')
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
