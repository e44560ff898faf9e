import type { TemplateTerm, Term } from './ast.ts'
import type { ParserState } from './parser-state.ts'
import { unescapeString } from './strings.ts'

/** A template string; its `$"` or `` $` `` is current. */
export function parseTemplate(
  state: ParserState,
  parseInfix: (state: ParserState, pairs: boolean) => Term,
): TemplateTerm {
  const { lexer } = state
  const { start, text } = lexer
  const raw = text.charAt(start + 1) === '`'
  const quote = raw ? '`' : '"'
  const parts: (string | Term)[] = []
  let at = lexer.end
  for (;;) {
    const stop = chunkEnd(text, at, quote)
    if (stop === -1) state.fail(start, 'non-terminated string')
    const chunk = chunkText(text.slice(at, stop), raw)
    if (chunk === undefined) state.fail(start, 'illegal escape sequence')
    if (chunk !== '') parts.push(chunk)
    lexer.end = stop + 1
    if (text.charAt(stop) === quote) break
    lexer.next()
    parts.push(parseInfix(state, true))
    if (lexer.kind !== '}') {
      state.fail(
        lexer.start,
        lexer.error?.message ?? 'expected } to end template string expression',
      )
    }
    at = lexer.end
  }
  const { end } = lexer
  lexer.next()
  return { kind: 'template', parts, raw, start, end }
}

function chunkEnd(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === quote || char === '{') return at
    if (char === '\\' && (quote === '"' || text.charAt(at + 1) === '{')) at++
    else if (char === '\n' && quote === '"') return -1
  }
  return -1
}

function chunkText(chunk: string, raw: boolean): string | undefined {
  return raw ? chunk.replaceAll('\\{', '{') : unescapeString(chunk, true)
}
