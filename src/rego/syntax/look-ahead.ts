import { isKeywordReference, parseTerm } from './parse-term.ts'
import type { Glance, ParserState } from './parser-state.ts'
import type { TokenKind } from './tokens.ts'

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
const GROUPED: ReadonlySet<TokenKind> = new Set(['and', 'not', 'or', 'with'])

interface Bracket {
  readonly close: string
  readonly start: number
  grouped: boolean
}

/** Looks ahead from the current bracket to the closing one, without moving. */
export function glance(state: ParserState): Glance | undefined {
  const { start } = state.lexer
  if (!state.glances.has(start)) {
    const mark = state.lexer.mark()
    state.attempt(() => scan(state))
    state.lexer.reset(mark)
  }
  return state.glances.get(start)
}

/** Notes what follows each bracket, so that nothing is scanned twice. */
function scan(state: ParserState): void {
  const { lexer, glances } = state
  const open: Bracket[] = []
  let before: TokenKind = ''
  for (;;) {
    const { kind, start } = lexer
    const inner = open.at(-1)
    if (kind === 'illegal') return
    if (kind === 'eof') {
      for (const { grouped, start: at } of open)
        glances.set(at, { next: kind, end: start, grouped })
      return
    }
    if (kind === 'template') {
      parseTerm(state)
      before = 'string'
      continue
    }
    if (inner?.close === ')' && GROUPED.has(kind) && !isName(state, before)) inner.grouped = true
    const close = CLOSING[kind]
    const { end } = lexer
    lexer.next()
    before = kind
    if (close !== undefined) open.push({ close, start, grouped: false })
    else if (kind === inner?.close) {
      open.pop()
      const around = open.at(-1)
      if (kind === ')' && around?.close === ')') around.grouped ||= inner.grouped
      glances.set(inner.start, { next: lexer.kind, end, grouped: inner.grouped })
      if (open.length === 0) return
    }
  }
}

/** Whether a keyword is just a name: after a dot, or as the head of a reference or call. */
function isName(state: ParserState, before: TokenKind): boolean {
  if (before === '.') return true
  const afterOperand = /^[)\]}]$|^(?:ident|number|string|raw-string|true|false|null)$/.test(before)
  return !afterOperand && isKeywordReference(state)
}
