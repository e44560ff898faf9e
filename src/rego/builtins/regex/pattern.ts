import { RE2JS } from 're2js'
import { boundedCache } from '../bounded-cache.ts'
import { BuiltinError } from '../types.ts'
import { isProvablyLinear } from '../../patterns/linear.ts'
import { NATIVE_TEXT_MAX, toNative } from '../../patterns/native.ts'
import { readRe2 } from './subset.ts'

const PATTERNS_MAX = 512
/** The source of a pattern's program may have at most this many characters. */
const SOURCE_LENGTH_MAX = 65_536
/** How many code points a match that may begin anywhere may have, for the platform's engine to search for it. */
const FLOATING_LENGTH_MAX = 512

const FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  s: RE2JS.DOTALL,
  m: RE2JS.MULTILINE,
}

/** A compiled regular expression that only answers whether it occurs. */
export interface CompiledPattern {
  /** Whether the pattern occurs in the text; linear in the length of the text. */
  test(text: string): boolean
}

const cachedProgram = boundedCache(PATTERNS_MAX, (key) => {
  const separator = key.indexOf('/')
  return compile(key.slice(separator + 1), key.slice(0, separator))
})

const cachedTest = boundedCache(PATTERNS_MAX, (key): CompiledPattern => {
  const pattern = key.startsWith('/') ? readRe2(key.slice(1)) : undefined
  if (pattern === undefined || !isProvablyLinear(pattern, FLOATING_LENGTH_MAX)) {
    const program = cachedProgram(key)
    return { test: (text) => program.test(text) }
  }
  const native = new RegExp(toNative(pattern), 'u')
  return {
    test: (text) =>
      text.length <= NATIVE_TEXT_MAX ? native.test(text) : cachedProgram(key).test(text),
  }
})

function compile(source: string, flags: string): RE2JS {
  if (source.length > SOURCE_LENGTH_MAX)
    throw new BuiltinError('error parsing regexp: expression too large')
  let bits = 0
  for (const flag of flags) {
    const bit = FLAGS[flag]
    if (bit === undefined) throw new BuiltinError(`unknown flag ${flag}`)
    bits |= bit
  }
  try {
    return RE2JS.compile(source, bits)
  } catch (error) {
    throw error instanceof Error ? new BuiltinError(error.message) : error
  }
}

/**
 * Compiles a regular expression of RE2's syntax; no input makes it backtrack. The most recently used
 * ones are remembered, so calling it again is cheap.
 * @param flags any of `i` (ignore case), `s` (`.` matches line ends), `m` (`^` and `$` match at lines).
 * @throws BuiltinError `error parsing regexp: …`.
 */
export function compilePattern(source: string, flags = ''): CompiledPattern {
  return cachedTest(`${flags}/${source}`)
}

/** The compiled program, for searches that need positions and groups. */
export function compileProgram(source: string): RE2JS {
  return cachedProgram(`/${source}`)
}

/** Escapes characters with a special meaning in patterns. */
export function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}
