import type { Body, Literal } from './ast.ts'
import { parseLiteral } from './parse-literal.ts'
import type { ParserState } from './parser-state.ts'
import type { TokenKind } from './tokens.ts'

/** Literals up to a closing token, which is consumed (`eof` is not). */
export function parseBody(state: ParserState, close: TokenKind): Body {
  const literals: Literal[] = []
  for (;;) {
    literals.push(parseLiteral(state))
    if (state.accept(';')) continue
    if (state.kind === close) {
      if (close !== 'eof') state.lexer.next()
      return literals
    }
    requireNewline(state)
  }
}

function requireNewline(state: ParserState): void {
  const { text, previousEnd, start } = state.lexer
  if (state.kind === 'eof' || !text.slice(previousEnd, start).includes('\n')) {
    state.unexpected(state.kind === 'eof' ? undefined : 'expected \\n or ; or }')
  }
}
