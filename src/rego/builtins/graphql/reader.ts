import type {
  Argument,
  ChildValue,
  CommentGroup,
  Directive,
  Positions,
  TypeNode,
  ValueNode,
} from './ast.ts'
import { VALUE_KIND } from './ast.ts'
import { syntaxError } from './errors.ts'
import { describeToken, EOF, INVALID, tokenize } from './lexer.ts'
import type { Token, TokenKind } from './lexer.ts'

const NESTING_MAX = 1_000
const LITERALS: Readonly<Record<string, number>> = {
  Int: VALUE_KIND.int,
  Float: VALUE_KIND.float,
  String: VALUE_KIND.string,
  BlockString: VALUE_KIND.block,
}

/** The comments of a token as a node shows them: absent when there are none. */
export function commentOf(token: Token): { Comment?: CommentGroup } {
  const group = commentGroup(token)
  return group === undefined ? {} : { Comment: group }
}

export function commentGroup({ comments }: Token): CommentGroup | undefined {
  return comments.length === 0 ? undefined : { List: comments.map((Value) => ({ Value })) }
}

/** A list as a node shows it: absent when it is empty. */
export function listOf<K extends string, T>(
  name: K,
  items: readonly T[],
): { [P in K]?: readonly T[] } {
  return items.length === 0 ? {} : ({ [name]: items } as { [P in K]?: readonly T[] })
}

/** Reads tokens, and the parts that queries and schemas share. */
export class DocumentReader {
  readonly #tokens: readonly Token[]
  readonly #positions: Positions
  #at = 0
  #depth = 0

  constructor(source: string, positions: Positions) {
    this.#tokens = tokenize(source)
    this.#positions = positions
  }

  peek(): Token {
    return this.#tokens[this.#at]!
  }

  next(): Token {
    const token = this.peek()
    if (token.error !== undefined) throw syntaxError(token.error, token.position)
    if (token.kind !== EOF && token.kind !== INVALID) this.#at++
    return token
  }

  previous(): Token {
    return this.#tokens[Math.max(this.#at - 1, 0)]!
  }

  /** Remembers the position of a node. */
  located<T extends object>(node: T, token: Token): T {
    this.#positions.set(node, token.position)
    return node
  }

  skip(kind: TokenKind): boolean {
    if (this.peek().kind !== kind) return false
    this.next()
    return true
  }

  expect(kind: TokenKind): Token {
    const token = this.peek()
    if (token.kind !== kind)
      throw syntaxError(`Expected ${kind}, found ${token.kind}`, token.position)
    return this.next()
  }

  expectKeyword(word: string): Token {
    const token = this.peek()
    if (token.kind === 'Name' && token.value === word) return this.next()
    throw syntaxError(`Expected "${word}", found ${describeToken(token)}`, token.position)
  }

  unexpected(token: Token = this.peek()): never {
    throw syntaxError(`Unexpected ${describeToken(token)}`, token.position)
  }

  name(): string {
    return this.expect('Name').value
  }

  /** Nothing, or at least one item between delimiters; `end` is the closing token. */
  some<T>(
    open: TokenKind,
    close: TokenKind,
    read: () => T,
  ): { items: T[]; end: Token | undefined } {
    if (!this.skip(open)) return { items: [], end: undefined }
    const items = this.#until(close, read)
    const end = this.peek()
    if (items.length === 0) {
      throw syntaxError(`expected at least one definition, found ${end.kind}`, end.position)
    }
    return { items, end: this.next() }
  }

  #until<T>(close: TokenKind, read: () => T): T[] {
    if (++this.#depth > NESTING_MAX)
      throw syntaxError('Document is nested too deeply', this.peek().position)
    const items: T[] = []
    while (this.peek().kind !== close) items.push(read())
    this.#depth--
    return items
  }

  type(): TypeNode {
    const start = this.peek()
    let type: TypeNode
    if (this.skip('[')) {
      const Elem = this.type()
      this.expect(']')
      type = { NamedType: '', Elem, NonNull: this.skip('!') }
    } else {
      const NamedType = this.name()
      type = { NamedType, NonNull: this.skip('!') }
    }
    return this.located(type, start)
  }

  directives(constant: boolean): { Directives?: readonly Directive[] } {
    const directives: Directive[] = []
    while (this.skip('@')) {
      const start = this.peek()
      const Name = this.name()
      const node = { Name, ...this.arguments(constant), Location: '' }
      directives.push(this.located(node, start))
    }
    return listOf('Directives', directives)
  }

  arguments(constant: boolean): { Arguments?: readonly Argument[] } {
    const { items } = this.some('(', ')', () => {
      const start = this.peek()
      const Name = this.name()
      this.expect(':')
      return this.located({ Name, Value: this.value(constant), ...commentOf(start) }, start)
    })
    return listOf('Arguments', items)
  }

  variable(): string {
    this.expect('$')
    return this.name()
  }

  value(constant: boolean): ValueNode {
    const token = this.peek()
    if (token.kind === '[' || token.kind === '{') return this.#compound(constant, token)
    const node = (Raw: string, Kind: number): ValueNode =>
      this.located({ Raw, Kind, ExpectedTypeHasDefault: false }, token)
    if (token.kind === '$' && !constant) return node(this.variable(), VALUE_KIND.variable)
    const literal = LITERALS[token.kind]
    if (literal === undefined && token.kind !== 'Name') return this.unexpected()
    this.next()
    return node(token.value, literal ?? wordKind(token.value))
  }

  #compound(constant: boolean, start: Token): ValueNode {
    this.next()
    const isList = start.kind === '['
    const children = this.#until(isList ? ']' : '}', () =>
      isList ? { Name: '', Value: this.value(constant) } : this.#objectField(constant),
    )
    this.next()
    const kind = isList ? VALUE_KIND.list : VALUE_KIND.object
    const node = {
      Raw: '',
      ...listOf('Children', children),
      Kind: kind,
      ExpectedTypeHasDefault: false,
    }
    return this.located({ ...node, ...commentOf(start) }, start)
  }

  #objectField(constant: boolean): ChildValue {
    const start = this.peek()
    const Name = this.name()
    this.expect(':')
    return this.located({ Name, Value: this.value(constant), ...commentOf(start) }, start)
  }
}

function wordKind(word: string): number {
  if (word === 'true' || word === 'false') return VALUE_KIND.boolean
  return word === 'null' ? VALUE_KIND.null : VALUE_KIND.enum
}
