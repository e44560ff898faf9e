import { codePointCount } from '../code-points.ts'
import type { Position } from './ast.ts'

/** What a token is; punctuation stands for itself. */
export type TokenKind = string

/** A token; comments in front of it are kept with it. */
export interface Token {
  readonly kind: TokenKind
  readonly value: string
  readonly position: Position
  readonly comments: readonly string[]
  /** What is wrong with the text from here on; set on the token that ends a faulty source. */
  readonly error?: string
}

export const EOF = '<EOF>'
export const INVALID = '<Invalid>'

const PUNCTUATION = /^(?:\.\.\.|[!$&():=@[\]{}|])/
const NAME = /[A-Za-z_]\w*/y
const NUMBER = /-?(\d*)(\.\d*)?([eE][+-]?\d*)?/y
const COMMENT = /#[^\n\r]*/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '/': '/',
  '\\': '\\',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** How a token appears in messages. */
export function describeToken({ kind, value }: Token): string {
  return value === '' || PUNCTUATION.test(kind) ? kind : `${kind} ${JSON.stringify(value)}`
}

/** Splits a source (GraphQL specification, section 2.1) into tokens; the last is the end or a fault. */
export function tokenize(source: string): Token[] {
  return new Lexer(source).tokens()
}

class Lexer {
  readonly #source: string
  #at = 0
  #line = 1
  #lineStart = 0
  #comments: string[] = []

  constructor(source: string) {
    this.#source = source
  }

  tokens(): Token[] {
    const tokens: Token[] = []
    for (;;) {
      const token = this.#next()
      if (token === undefined) continue
      tokens.push(token)
      if (token.kind === EOF || token.kind === INVALID) return tokens
    }
  }

  /** The next token; nothing after a comment. */
  #next(): Token | undefined {
    this.#skipBlank()
    const rest = this.#source.slice(this.#at, this.#at + 256)
    if (rest === '') return this.#token(EOF, '', this.#at)
    const comment = this.#match(COMMENT)?.[0]
    if (comment !== undefined) {
      this.#comments.push(comment)
      this.#at += comment.length
      return undefined
    }
    const punctuation = PUNCTUATION.exec(rest)?.[0]
    if (punctuation !== undefined) return this.#take(punctuation, '', punctuation.length)
    const name = this.#match(NAME)?.[0]
    if (name !== undefined) return this.#take('Name', name, name.length)
    if (/^[-\d]/.test(rest)) return this.#number()
    if (rest.startsWith('"""')) return this.#blockString()
    return rest.startsWith('"') ? this.#string() : this.#unexpected(rest)
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#source)
  }

  #skipBlank(): void {
    for (;;) {
      const character = this.#source[this.#at]
      if (character === '\n' || character === '\r') {
        this.#at += character === '\r' && this.#source[this.#at + 1] === '\n' ? 2 : 1
        this.#line++
        this.#lineStart = this.#at
      } else if (
        character === ' ' ||
        character === '\t' ||
        character === ',' ||
        character === '\ufeff'
      )
        this.#at++
      else return
    }
  }

  #position(at: number): Position {
    const column =
      at >= this.#lineStart ? codePointCount(this.#source.slice(this.#lineStart, at)) + 1 : 1
    return { line: this.#line, column }
  }

  #token(kind: TokenKind, value: string, start: number): Token {
    const comments = this.#comments
    this.#comments = []
    return { kind, value, position: this.#position(start), comments }
  }

  #take(kind: TokenKind, value: string, length: number): Token {
    const token = this.#token(kind, value, this.#at)
    this.#at += length
    return token
  }

  #fail(error: string): Token {
    return { ...this.#token(INVALID, '', this.#at), error }
  }

  #unexpected(rest: string): Token {
    const character = String.fromCodePoint(rest.codePointAt(0) ?? 0)
    const code = rest.charCodeAt(0)
    if (code < 0x20)
      return this.#fail(
        `Cannot contain the invalid character "\\u${code.toString(16).padStart(4, '0')}"`,
      )
    if (character === "'") {
      return this.#fail(
        'Unexpected single quote character (\'), did you mean to use a double quote (")?',
      )
    }
    return this.#fail(`Cannot parse the unexpected character "${character}".`)
  }

  #number(): Token {
    const match = this.#match(NUMBER)!
    const [text, whole = '', fraction, exponent] = match
    const wholeEnd = this.#at + text.indexOf(whole) + whole.length
    const describe = (at: number): string =>
      at < this.#source.length ? `"${this.#source[at]}"` : EOF
    if (whole.length > 1 && whole.startsWith('0')) {
      this.#at = wholeEnd - whole.length + 1
      return this.#fail(`Invalid number, unexpected digit after 0: ${describe(this.#at)}.`)
    }
    const missing = [
      whole === '' ? wholeEnd : -1,
      fraction === '.' ? wholeEnd + 1 : -1,
      exponent !== undefined && !/\d$/.test(exponent) ? this.#at + text.length : -1,
    ].find((at) => at >= 0)
    if (missing !== undefined) {
      this.#at = missing
      return this.#fail(`Invalid number, expected digit but got: ${describe(missing)}.`)
    }
    return this.#take(
      fraction === undefined && exponent === undefined ? 'Int' : 'Float',
      text,
      text.length,
    )
  }

  #string(): Token {
    const start = this.#at + 1
    let value = ''
    for (this.#at = start; this.#at < this.#source.length;) {
      const character = this.#source[this.#at]!
      if (character === '\n' || character === '\r') break
      if (character === '"') {
        const token = this.#token('String', value, start)
        this.#at++
        return token
      }
      if (character < ' ' && character !== '\t') return this.#invalidCharacter(character)
      if (character === '\\') {
        const escape = this.#escape()
        if (typeof escape !== 'string') return escape
        value += escape
      } else {
        value += character
        this.#at++
      }
    }
    return this.#fail('Unterminated string.')
  }

  #invalidCharacter(character: string): Token {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return this.#fail(`Invalid character within String: "\\u${code}".`)
  }

  #escape(): string | Token {
    const letter = this.#source[this.#at + 1]
    if (letter === 'u') {
      const digits = this.#source.slice(this.#at + 2, this.#at + 6)
      if (/^[\da-fA-F]{4}$/.test(digits)) {
        this.#at += 6
        return String.fromCharCode(parseInt(digits, 16))
      }
      this.#at++
      return this.#fail(
        `Invalid character escape sequence: \\${this.#source.slice(this.#at, this.#at + 5)}.`,
      )
    }
    const character = letter === undefined ? undefined : ESCAPES[letter]
    if (character === undefined) {
      this.#at++
      return this.#fail(
        `Invalid character escape sequence${letter === undefined ? '' : `: \\${letter}`}.`,
      )
    }
    this.#at += 2
    return character
  }

  #blockString(): Token {
    const start = this.#at + 3
    let value = ''
    for (this.#at = start; this.#at < this.#source.length;) {
      const character = this.#source[this.#at]!
      const quotes = /^"{3,}/.exec(this.#source.slice(this.#at, this.#at + 1_000))?.[0].length ?? 0
      if (quotes >= 3) {
        const token = this.#token('BlockString', dedent(value + '"'.repeat(quotes - 3)), start)
        this.#at += quotes
        return token
      }
      if (this.#source.startsWith('\\"""', this.#at)) {
        value += '"""'
        this.#at += 4
      } else if (character === '\n' || character === '\r') {
        this.#at += character === '\r' && this.#source[this.#at + 1] === '\n' ? 2 : 1
        this.#line++
        this.#lineStart = this.#at
        value += '\n'
      } else if (character < ' ' && character !== '\t') return this.#invalidCharacter(character)
      else {
        value += character
        this.#at++
      }
    }
    return this.#fail('Unterminated string.')
  }
}

/** Removes the common indentation and blank lines at both ends (GraphQL specification, section 2.9.4). */
function dedent(raw: string): string {
  const lines = raw.split('\n')
  const indents = lines.slice(1).flatMap((line) => {
    const indent = /^[ \t]*/.exec(line)![0].length
    return indent < line.length ? [indent] : []
  })
  const common = indents.length === 0 ? 0 : Math.min(...indents)
  const cut = lines.map((line, i) => (i === 0 ? line : line.slice(common)))
  while (cut.length > 0 && cut[0]!.trim() === '') cut.shift()
  while (cut.length > 0 && cut.at(-1)!.trim() === '') cut.pop()
  return cut.join('\n')
}
