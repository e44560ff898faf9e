import type { Expression, VarTerm, WithModifier } from './ast.ts'
import type { ParserState } from './parser-state.ts'
import { infixCall, isKeywordReference, parseInfix, parseTerm } from './parse-term.ts'

/** One line of a body without `not` and `with`. */
export function parseExpression(state: ParserState): Expression {
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

/** The `with` modifiers that follow. */
export function parseModifiers(state: ParserState): WithModifier[] {
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
