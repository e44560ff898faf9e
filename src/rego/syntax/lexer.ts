import type { Comment } from './ast.ts'
import type { Source } from './source.ts'
import type { TokenKind } from './tokens.ts'

const enumTwo = new Set([':=', '==', '!=', '<=', '>='])

/** A lexical error: its offset and what is wrong. */
export interface LexicalError {
  readonly offset: number
  readonly message: string
}

/** A position of the lexer, to return to later. */
export interface LexerMark {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  readonly previousEnd: number
  readonly comments: number
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Reads tokens on demand: always one token is current. */
export class Lexer {
  readonly source: Source
  readonly text: string
  keywords: Set<string>
  kind: TokenKind = 'eof'
  start = 0
  end = 0
  /** The end of the token before the current one. */
  previousEnd = 0
  error: LexicalError | undefined
  readonly comments: Comment[] = []

  constructor(source: Source, keywords: ReadonlySet<string>) {
    this.source = source
    this.text = source.text
    this.keywords = new Set(keywords)
    if (this.text.charCodeAt(0) === 0xfeff) this.end = 1
    this.next()
  }

  mark(): LexerMark {
    return {
      kind: this.kind,
      start: this.start,
      end: this.end,
      previousEnd: this.previousEnd,
      comments: this.comments.length,
    }
  }

  reset(mark: LexerMark): void {
    this.kind = mark.kind
    this.start = mark.start
    this.end = mark.end
    this.previousEnd = mark.previousEnd
    this.comments.length = mark.comments
    this.error = undefined
  }

  /** Makes the token that begins at an offset the current one. */
  seek(offset: number): void {
    this.end = offset
    this.error = undefined
    this.next()
  }

  /** The text of the current token. */
  get lexeme(): string {
    return this.text.slice(this.start, this.end)
  }

  /** Moves to the next token. */
  next(): void {
    this.previousEnd = this.end
    this.skipSpace()
    const at = this.end
    this.start = at
    if (at >= this.text.length) {
      this.kind = 'eof'
      return
    }
    const code = this.text.charCodeAt(at)
    if (isLetter(code)) this.identifier(at)
    else if (isDigit(code)) this.number(at)
    else if (code === 34) this.quoted(at)
    else if (code === 96) this.raw(at)
    else if (code === 36) this.template(at)
    else this.punctuation(at)
  }

  /** Continues a template string after an expression's closing brace, which is current. */
  continueTemplate(): void {
    this.start = this.end
  }

  private skipSpace(): void {
    const text = this.text
    let at = this.end
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === 32 || code === 10 || code === 9 || code === 13) at++
      else if (code === 35) {
        let end = text.indexOf('\n', at)
        if (end === -1) end = text.length
        const stop = end > at + 1 && text.charCodeAt(end - 1) === 13 ? end - 1 : end
        this.comments.push({ start: at, end: stop, text: text.slice(at + 1, stop) })
        at = end
      } else break
    }
    this.end = at
  }

  private identifier(at: number): void {
    const text = this.text
    let end = at + 1
    for (
      let code = text.charCodeAt(end);
      isLetter(code) || isDigit(code);
      code = text.charCodeAt(end)
    )
      end++
    this.end = end
    const length = end - at
    if (length >= 2 && length <= 8) {
      const word = text.slice(at, end)
      if (this.keywords.has(word)) {
        this.kind = word
        return
      }
    }
    this.kind = 'ident'
  }

  private number(at: number): void {
    const text = this.text
    let end = at
    const digits = (): void => {
      while (isDigit(text.charCodeAt(end))) end++
    }
    digits()
    if (text.charCodeAt(at) === 48 && end > at + 1) {
      this.end = end
      this.fail(at, 'unexpected number token: expected number without leading zero')
      return
    }
    if (text.charCodeAt(end) === 46 && isDigit(text.charCodeAt(end + 1))) {
      end++
      digits()
    } else if (text.charCodeAt(end) === 46 && !isLetter(text.charCodeAt(end + 1))) {
      this.end = end + 1
      this.fail(at, 'expected fraction')
      return
    }
    const exponent = text.charCodeAt(end)
    if (exponent === 101 || exponent === 69) {
      const sign = text.charCodeAt(end + 1)
      const skip = sign === 43 || sign === 45 ? 2 : 1
      if (isDigit(text.charCodeAt(end + skip))) {
        end += skip
        digits()
      }
    }
    this.end = end
    if (isLetter(text.charCodeAt(end))) {
      this.fail(at, 'illegal number format')
      return
    }
    this.kind = 'number'
  }

  private quoted(at: number): void {
    const text = this.text
    for (let end = at + 1; ; end++) {
      const code = text.charCodeAt(end)
      if (code === 34) {
        this.end = end + 1
        this.kind = 'string'
        return
      }
      if (code === 92) end++
      else if (code === 10 || end >= text.length) {
        this.end = Math.min(end, text.length)
        this.fail(at, 'non-terminated string')
        return
      }
    }
  }

  private raw(at: number): void {
    const end = this.text.indexOf('`', at + 1)
    if (end === -1) {
      this.end = this.text.length
      this.fail(at, 'non-terminated string')
      return
    }
    this.end = end + 1
    this.kind = 'raw-string'
  }

  private template(at: number): void {
    const quote = this.text.charCodeAt(at + 1)
    if (quote !== 34 && quote !== 96) {
      this.end = at + 1
      this.fail(at, 'illegal token')
      return
    }
    this.end = at + 2
    this.kind = 'template'
  }

  private punctuation(at: number): void {
    const two = this.text.slice(at, at + 2)
    if (enumTwo.has(two)) {
      this.kind = two
      this.end = at + 2
      return
    }
    const one = two.charAt(0)
    if ('{}[]().,;:=<>+-*/%|&'.includes(one)) {
      this.kind = one
      this.end = at + 1
      return
    }
    this.end = at + 1
    this.fail(at, 'illegal token')
  }

  fail(offset: number, message: string): void {
    this.kind = 'illegal'
    this.error ??= { offset, message }
  }
}
