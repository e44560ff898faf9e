import type { Body, Term } from './ast.ts'
import type { ParserState } from './parser-state.ts'

/** The parsers of the content of a collection. */
export interface TermParsers {
  parseTerm(state: ParserState): Term
  parseInfix(state: ParserState, pairs: boolean, lhs?: Term): Term
}

/** An array, set, object or comprehension; its opening bracket is current. */
export function parseBracket(state: ParserState, parsers: TermParsers): Term {
  const { start, kind } = state.lexer
  const close = kind === '[' ? ']' : '}'
  state.lexer.next()
  if (state.accept(close)) {
    const end = state.lexer.previousEnd
    return kind === '['
      ? { kind: 'array', items: [], start, end }
      : { kind: 'object', entries: [], start, end }
  }
  const first = parsers.parseTerm(state)
  const body = comprehensionBody(state, start, close)
  if (body !== undefined) {
    return {
      kind: 'comprehension',
      of: kind === '[' ? 'array' : 'set',
      value: first,
      body,
      start,
      end: state.lexer.previousEnd,
    }
  }
  const item = parsers.parseInfix(state, false, first)
  if (kind === '{' && state.kind === ':') return parseObject(state, parsers, start, item)
  const items = parseItems(state, parsers, item, close)
  return { kind: kind === '[' ? 'array' : 'set', items, start, end: state.lexer.previousEnd }
}

function comprehensionBody(state: ParserState, start: number, close: string): Body | undefined {
  if (state.kind !== '|' || state.notComprehensions.has(start)) return undefined
  const body = state.attempt(() => {
    state.lexer.next()
    return state.parseBody(state, close)
  })
  if (body === undefined) state.notComprehensions.add(start)
  return body
}

function parseItems(state: ParserState, parsers: TermParsers, first: Term, close: string): Term[] {
  const items = [first]
  while (!state.accept(close)) {
    state.expect(',', `expected "," or "${close}"`)
    if (state.accept(close)) break
    items.push(parsers.parseInfix(state, false))
  }
  return items
}

function parseObject(
  state: ParserState,
  parsers: TermParsers,
  start: number,
  firstKey: Term,
): Term {
  state.lexer.next()
  const value = parsers.parseTerm(state)
  const body = comprehensionBody(state, start, '}')
  if (body !== undefined) {
    return {
      kind: 'comprehension',
      of: 'object',
      key: firstKey,
      value,
      body,
      start,
      end: state.lexer.previousEnd,
    }
  }
  const entries: [Term, Term][] = [[firstKey, parsers.parseInfix(state, false, value)]]
  while (!state.accept('}')) {
    state.expect(',', 'expected "," or "}"')
    if (state.accept('}')) break
    const key = parsers.parseInfix(state, false)
    state.expect(':', 'non-terminated object')
    entries.push([key, parsers.parseInfix(state, false)])
  }
  return { kind: 'object', entries, start, end: state.lexer.previousEnd }
}
