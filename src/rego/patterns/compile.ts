import { RE2JS } from 're2js'
import { isProvablyLinear } from './linear.ts'
import { NATIVE_TEXT_MAX } from './native.ts'
import type { Pattern } from './syntax.ts'
import { parsePattern } from './parse.ts'
import { toRe2 } from './re2-syntax.ts'

/** A compiled pattern: whether a text contains a match. */
export interface Matcher {
  test(text: string): boolean
  /** The pattern, for messages and as an identity. */
  toString(): string
}

/** A matcher, or why there is none. */
export type CompiledPattern =
  | { readonly ok: true; readonly matcher: Matcher; readonly engine: 'native' | 're2' }
  | { readonly ok: false; readonly message: string }

const SOURCE_LENGTH_MAX = 4096

/**
 * Compiles a regular expression of ECMA-262 (flag `u`) so that no text makes it backtrack without bound: it uses the
 * native engine where that is provably linear, and RE2 (automata) otherwise. Patterns that neither can handle
 * (lookaround, backreferences) are refused.
 */
export function compileEcmaPattern(source: string): CompiledPattern {
  if (source.length > SOURCE_LENGTH_MAX) {
    return { ok: false, message: `a pattern has at most ${SOURCE_LENGTH_MAX} characters` }
  }
  const native = compileNative(source)
  if (typeof native === 'string') return { ok: false, message: native }
  const parsed = parsePattern(source)
  if (!parsed.ok) {
    const message = `${parsed.unsupported} in a pattern could take exponential time; it is not supported`
    return { ok: false, message }
  }
  const { pattern } = parsed
  if (isProvablyLinear(pattern)) {
    return { ok: true, matcher: nativeMatcher(native, pattern), engine: 'native' }
  }
  const automaton = compileRe2(toRe2(pattern))
  if (automaton === undefined) {
    return { ok: false, message: 'the pattern could take exponential time and RE2 cannot run it' }
  }
  return {
    ok: true,
    matcher: { test: (text) => automaton.test(text), toString: () => `/${source}/u` },
    engine: 're2',
  }
}

/** The automaton is made for the first long text: that takes milliseconds, and few patterns ever see one. */
function nativeMatcher(native: RegExp, pattern: Pattern): Matcher {
  let made: { readonly automaton: RE2JS | undefined } | undefined
  const testLong = (text: string): boolean => {
    made ??= { automaton: compileRe2(toRe2(pattern)) }
    return made.automaton === undefined ? native.test(text) : made.automaton.test(text)
  }
  return {
    test: (text) => (text.length <= NATIVE_TEXT_MAX ? native.test(text) : testLong(text)),
    toString: () => String(native),
  }
}

function compileNative(source: string): RegExp | string {
  try {
    return new RegExp(source, 'u')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function compileRe2(syntax: string): RE2JS | undefined {
  try {
    return RE2JS.compile(syntax)
  } catch {
    return undefined
  }
}
