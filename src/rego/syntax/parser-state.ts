import type { RegoErrorItem } from '../errors.ts'
import type { Body } from './ast.ts'
import { Lexer } from './lexer.ts'
import type { Source } from './source.ts'
import { describeToken, KEYWORDS_V0, KEYWORDS_V1 } from './tokens.ts'
import type { TokenKind } from './tokens.ts'

const NESTING_MAX = 400

/** Stops the parsing of one statement. */
export class SyntaxFailure extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.name = 'SyntaxFailure'
    this.offset = offset
  }
}

/** What follows an opening bracket. */
export interface Glance {
  /** The token after the closing bracket. */
  readonly next: TokenKind
  /** The offset after the closing bracket. */
  readonly end: number
  /** Whether the parentheses contain a keyword of literals, outside other brackets. */
  readonly grouped: boolean
}

/** What all parsing functions share: the tokens, and the errors so far. */
export class ParserState {
  readonly source: Source
  readonly lexer: Lexer
  /** Whether `if` and `contains` are required, as in Rego v1. */
  strict: boolean
  readonly errors: RegoErrorItem[] = []
  /** Offsets at which parsing a comprehension has failed. */
  readonly notComprehensions = new Set<number>()
  /** The results of looking ahead, by the offset of the opening bracket. */
  readonly glances = new Map<number, Glance>()
  /** Parses a body up to a closing token, which is consumed. */
  readonly parseBody: (state: ParserState, close: TokenKind) => Body
  #depth = 0

  constructor(
    source: Source,
    regoVersion: 0 | 1,
    parseBody: (state: ParserState, close: TokenKind) => Body,
  ) {
    this.source = source
    this.strict = regoVersion === 1
    this.lexer = new Lexer(source, regoVersion === 1 ? KEYWORDS_V1 : KEYWORDS_V0)
    this.parseBody = parseBody
  }

  get kind(): TokenKind {
    return this.lexer.kind
  }

  /** Whether the current token follows the previous one without space. */
  get touches(): boolean {
    return this.lexer.start === this.lexer.previousEnd
  }

  /** Whether the current token is of a kind. */
  is(kind: TokenKind): boolean {
    return this.lexer.kind === kind
  }

  accept(kind: TokenKind): boolean {
    if (this.lexer.kind !== kind) return false
    this.lexer.next()
    return true
  }

  expect(kind: TokenKind, message: string): void {
    if (!this.accept(kind)) this.unexpected(message)
  }

  fail(offset: number, message: string): never {
    throw new SyntaxFailure(offset, message)
  }

  /** Fails at the current token. */
  unexpected(expectation?: string): never {
    const lexical = this.lexer.error
    if (this.lexer.kind === 'illegal' && lexical !== undefined)
      this.fail(lexical.offset, lexical.message)
    const what = `unexpected ${describeToken(this.lexer.kind)}`
    return this.fail(this.lexer.start, expectation === undefined ? what : `${what}: ${expectation}`)
  }

  report(offset: number, message: string): void {
    this.errors.push({ code: 'rego_parse_error', message, location: this.source.locate(offset) })
  }

  /** Guards recursion, so that no nesting exhausts the stack. */
  nested<T>(parse: () => T): T {
    if (++this.#depth > NESTING_MAX)
      this.fail(this.lexer.start, 'max parsing recursion depth exceeded')
    try {
      return parse()
    } finally {
      this.#depth--
    }
  }

  /** Tries to parse; on failure, returns to where it began. */
  attempt<T>(parse: () => T): T | undefined {
    const mark = this.lexer.mark()
    const reported = this.errors.length
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof SyntaxFailure)) throw error
      this.lexer.reset(mark)
      this.errors.length = reported
      return undefined
    }
  }
}
