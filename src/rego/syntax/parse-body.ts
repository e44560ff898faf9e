import type { Body, Expression, Literal, VarTerm, WithModifier } from './ast.ts'
import type { ParserState } from './parser-state.ts'
import { infixCall, isKeywordReference, parseInfix, parseTerm } from './parse-term.ts'
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

/** One line of a body. */
export function parseLiteral(state: ParserState): Literal {
  const { start } = state.lexer
  const negated = state.kind === 'not' && !isKeywordReference(state)
  if (negated) {
    state.lexer.next()
    if ((state.is('some') || state.is('every')) && !isKeywordReference(state)) {
      state.unexpected(`illegal negation of '${state.kind}'`)
    }
    if (state.is('not') && !isKeywordReference(state)) state.unexpected()
  }
  const expression = state.nested(() => parseExpression(state))
  const modifiers = expression.kind === 'some' ? [] : parseModifiers(state)
  return { negated, expression, with: modifiers, start, end: state.lexer.previousEnd }
}

function parseExpression(state: ParserState): Expression {
  if (!isKeywordReference(state)) {
    if (state.kind === 'some') return parseSome(state)
    if (state.kind === 'every') return parseEvery(state)
  }
  const { start } = state.lexer
  const left = parseInfix(state, true)
  const { kind } = state
  if (kind !== '=' && kind !== ':=')
    return { kind: 'term', term: left, start, end: state.lexer.previousEnd }
  const at = { start: state.lexer.start, end: state.lexer.end }
  state.lexer.next()
  const right = parseInfix(state, true)
  const term = infixCall(kind, kind === '=' ? 'eq' : 'assign', at, [left, right])
  return { kind: 'term', term, start, end: state.lexer.previousEnd }
}

function parseSome(state: ParserState): Expression {
  const { start } = state.lexer
  state.lexer.next()
  const someIn = state.attempt(() => parseSomeIn(state, start))
  if (someIn !== undefined) return someIn
  const vars: VarTerm[] = []
  do vars.push(parseDeclared(state))
  while (state.accept(','))
  return { kind: 'some', vars, start, end: state.lexer.previousEnd }
}

function parseSomeIn(state: ParserState, start: number): Expression {
  const first = parseTerm(state)
  const second = state.accept(',') ? parseTerm(state) : undefined
  state.expect('in', 'expected in')
  const domain = parseInfix(state, false)
  const end = state.lexer.previousEnd
  return second === undefined
    ? { kind: 'some-in', value: first, domain, start, end }
    : { kind: 'some-in', key: first, value: second, domain, start, end }
}

function parseDeclared(state: ParserState): VarTerm {
  if (state.kind !== 'ident') state.unexpected('expected var')
  const { start, end, lexeme } = state.lexer
  state.lexer.next()
  return { kind: 'var', name: lexeme, start, end }
}

function parseEvery(state: ParserState): Expression {
  const { start } = state.lexer
  state.lexer.next()
  const first = parseDeclared(state)
  const second = state.accept(',') ? parseDeclared(state) : undefined
  state.expect('in', 'expected `x[, y] in xs { ... }` expression')
  const domain = parseInfix(state, false)
  state.expect('{', 'missing body')
  const body = state.parseBody(state, '}')
  const end = state.lexer.previousEnd
  return second === undefined
    ? { kind: 'every', value: first, domain, body, start, end }
    : { kind: 'every', key: first, value: second, domain, body, start, end }
}

function parseModifiers(state: ParserState): WithModifier[] {
  const modifiers: WithModifier[] = []
  while (state.kind === 'with' && !isKeywordReference(state)) {
    const { start } = state.lexer
    state.lexer.next()
    const target = parseTerm(state)
    if (target.kind !== 'var' && target.kind !== 'ref')
      state.fail(target.start, 'expected path (must be a var or ref)')
    state.expect('as', 'expected as keyword')
    const value = parseInfix(state, true)
    modifiers.push({ target, value, start, end: state.lexer.previousEnd })
  }
  return modifiers
}
