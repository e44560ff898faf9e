import { parseNumber } from '../values/index.ts'
import type { CallTerm, NumberTerm, RefTerm, StringTerm, Term, VarTerm } from './ast.ts'
import type { ParserState } from './parser-state.ts'
import { parseBracket } from './parse-collection.ts'
import { parseTemplate } from './parse-template.ts'
import { unescapeString } from './strings.ts'
import { OPERATORS } from './tokens.ts'

/** Operators in a row nest to the left; with more than this, the nesting would be too deep for later stages. */
const CHAIN_MAX = 500
/** Keywords that are built-ins too. */
const CALLABLE: ReadonlySet<string> = new Set(['and', 'contains', 'or'])
const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Binary operators by precedence; `in` comes below them all. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ...['==', '!=', '<', '>', '<=', '>='].map((operator) => [operator, 1] as const),
  ['|', 2],
  ['&', 3],
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
])

function operatorName(name: string, start: number, end: number): VarTerm | RefTerm {
  const parts = name.split('.')
  const head: VarTerm = { kind: 'var', name: parts[0]!, start, end }
  if (parts.length === 1) return head
  return {
    kind: 'ref',
    head,
    path: parts.slice(1).map((value) => ({ kind: 'string', value, start, end })),
    start,
    end,
  }
}

/** Builds the call that an operator stands for. */
export function infixCall(
  infix: string,
  name: string,
  at: { start: number; end: number },
  args: readonly Term[],
): CallTerm {
  return {
    kind: 'call',
    name: operatorName(name, at.start, at.end),
    args,
    infix,
    start: args[0]!.start,
    end: args.at(-1)!.end,
  }
}

/** A term with operators. `pairs` allows `key, value in domain`; `lhs` is a term that has already been read. */
export function parseInfix(state: ParserState, pairs: boolean, lhs?: Term): Term {
  return state.nested(() => parseMembership(state, pairs, lhs))
}

function parseMembership(state: ParserState, pairs: boolean, lhs?: Term): Term {
  let left = parseLevel(state, 0, lhs)
  if (pairs && state.kind === ',') {
    const withKey = state.attempt(() => {
      state.lexer.next()
      const value = parseLevel(state, 0)
      const at = { start: state.lexer.start, end: state.lexer.end }
      state.expect('in', 'expected in')
      return infixCall('in', 'internal.member_3', at, [left, value, parseLevel(state, 0)])
    })
    if (withKey !== undefined) left = withKey
  }
  while (state.is('in') && !isDottedKeyword(state)) {
    const at = { start: state.lexer.start, end: state.lexer.end }
    state.lexer.next()
    left = infixCall('in', 'internal.member_2', at, [left, parseLevel(state, 0)])
  }
  return left
}

function parseLevel(state: ParserState, minimum: number, lhs?: Term): Term {
  let left = lhs ?? parseTerm(state)
  for (let length = 0; ; length++) {
    if (length > CHAIN_MAX) state.fail(state.lexer.start, 'max parsing recursion depth exceeded')
    const infix = state.kind
    const precedence = PRECEDENCE.get(infix)
    if (precedence === undefined || precedence < minimum) return left
    const at = { start: state.lexer.start, end: state.lexer.end }
    state.lexer.next()
    left = infixCall(infix, OPERATORS[infix]!, at, [left, parseLevel(state, precedence + 1)])
  }
}

/** A term without operators: a scalar, a collection, a reference, a call, or something in parentheses. */
export function parseTerm(state: ParserState): Term {
  return state.nested(() => parsePrimary(state))
}

function parsePrimary(state: ParserState): Term {
  const { lexer } = state
  const { kind, start } = lexer
  switch (kind) {
    case 'ident':
      return parseReference(state, parseVar(state))
    case 'number':
    case '-':
      return parseNumberTerm(state)
    case 'string':
    case 'raw-string':
      return noReference(state, parseStringTerm(state))
    case 'template':
      return parseTemplate(state, parseInfix)
    case '(':
      return parseParentheses(state, start)
    case '[':
    case '{':
      return parseReference(state, parseBracket(state, { parseTerm, parseInfix }))
    default:
      break
  }
  if (isKeywordReference(state)) return parseReference(state, parseVar(state))
  if (kind === 'null' || kind === 'true' || kind === 'false') {
    const { end } = lexer
    lexer.next()
    return kind === 'null'
      ? { kind, start, end }
      : { kind: 'boolean', value: kind === 'true', start, end }
  }
  return state.unexpected()
}

/** Whether the current token is a keyword that heads a reference, as in `input.x == as.y`. */
export function isKeywordReference(state: ParserState): boolean {
  const { lexer } = state
  if (!WORD.test(lexer.kind) || lexer.kind === 'ident' || !lexer.keywords.has(lexer.kind))
    return false
  const after = lexer.text.charAt(lexer.end)
  return isDottedKeyword(state) || after === '[' || (after === '(' && CALLABLE.has(lexer.kind))
}

/** Whether the current token is followed by a dot and a name. */
export function isDottedKeyword(state: ParserState): boolean {
  return /^\.[A-Za-z_]/.test(state.lexer.text.slice(state.lexer.end, state.lexer.end + 2))
}

/** The current word as a variable, even if it is a keyword. */
export function parseVar(state: ParserState): VarTerm {
  const { start, end, lexeme } = state.lexer
  state.lexer.next()
  return { kind: 'var', name: lexeme, start, end }
}

function noReference(state: ParserState, term: Term): Term {
  if (state.touches && (state.kind === '[' || state.kind === '.')) {
    state.fail(term.start, `illegal ref (head cannot be ${term.kind})`)
  }
  return term
}

function parseNumberTerm(state: ParserState): NumberTerm {
  const { start } = state.lexer
  const negative = state.accept('-')
  if (state.kind !== 'number') state.unexpected('expected number')
  const text = `${negative ? '-' : ''}${state.lexer.lexeme}`
  const { end } = state.lexer
  const value = parseNumber(text)
  state.lexer.next()
  return { kind: 'number', value, text, start, end }
}

/** A string or raw string. */
export function parseStringTerm(state: ParserState): StringTerm {
  const { kind, start, end, lexeme } = state.lexer
  if (kind === 'raw-string') {
    state.lexer.next()
    return {
      kind: 'string',
      value: lexeme.slice(1, -1),
      raw: true,
      start,
      end,
    }
  }
  const value = unescapeString(lexeme.slice(1, -1))
  if (value === undefined) state.fail(start, 'illegal escape sequence')
  state.lexer.next()
  return { kind: 'string', value, start, end }
}

function parseParentheses(state: ParserState, start: number): Term {
  state.lexer.next()
  const inner = parseInfix(state, true)
  const { end } = state.lexer
  if (!state.accept(')')) {
    if (state.is('illegal') || state.is('eof')) state.unexpected('expected )')
    state.fail(state.lexer.start, 'non-terminated expression')
  }
  const term: Term = { ...inner, start, end }
  return term.kind === 'call' || term.kind === 'ref' || term.kind === 'var'
    ? parseReference(state, term)
    : term
}

/** What follows a head: `.name`, `[term]` and one call's arguments, each without space before it. */
export function parseReference(state: ParserState, head: Term): Term {
  let base = asReference(state, head, parseKeys(state))
  while (state.touches && state.kind === '(') {
    base = parseCall(state, base)
    base = asReference(state, base, parseKeys(state))
  }
  return base
}

/** The keys of a reference: `.name` and `[term]`, each without space before it. */
export function parseKeys(state: ParserState): Term[] {
  const keys: Term[] = []
  while (state.touches) {
    if (state.kind === '.') keys.push(parseDotted(state))
    else if (state.kind === '[') keys.push(parseBracketed(state))
    else break
  }
  return keys
}

function asReference(state: ParserState, head: Term, path: readonly Term[]): Term {
  if (path.length === 0) return head
  const { start } = head
  const end = state.lexer.previousEnd
  if (head.kind === 'ref')
    return { kind: 'ref', head: head.head, path: [...head.path, ...path], start, end }
  return { kind: 'ref', head, path, start, end }
}

function parseDotted(state: ParserState): StringTerm {
  const { lexer } = state
  lexer.next()
  if (!state.touches) state.fail(lexer.start, 'unexpected whitespace token: expected identifier')
  const { start, end, lexeme } = lexer
  if (lexer.kind === 'illegal' || !WORD.test(lexeme)) state.unexpected('expected identifier')
  lexer.next()
  return { kind: 'string', value: lexeme, start, end }
}

function parseBracketed(state: ParserState): Term {
  state.lexer.next()
  const key = parseInfix(state, true)
  state.expect(']', 'expected ]')
  return key
}

function parseCall(state: ParserState, name: Term): Term {
  if (name.kind === 'var' && name.name === 'set' && isEmptyCall(state)) {
    state.lexer.next()
    state.lexer.next()
    return { kind: 'set', items: [], start: name.start, end: state.lexer.previousEnd }
  }
  if (name.kind !== 'var' && !(name.kind === 'ref' && isDotted(name))) {
    state.fail(name.start, 'unexpected ( token: expected function name')
  }
  const args = parseArguments(state)
  return { kind: 'call', name, args, start: name.start, end: state.lexer.previousEnd }
}

function isEmptyCall(state: ParserState): boolean {
  return /^\(\s*\)/.test(state.lexer.text.slice(state.lexer.start, state.lexer.start + 64))
}

function isDotted(ref: RefTerm): boolean {
  return ref.head.kind === 'var' && ref.path.every((key) => key.kind === 'string')
}

/** Terms in parentheses; the opening one is current. */
export function parseArguments(state: ParserState): Term[] {
  state.lexer.next()
  const args: Term[] = []
  while (state.kind !== ')') {
    args.push(parseInfix(state, false))
    if (state.kind === ')') break
    state.expect(',', 'expected "," or ")"')
  }
  state.lexer.next()
  return args
}
