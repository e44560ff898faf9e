import { RE2JS } from 're2js'
import { boundedCache } from '../bounded-cache.ts'
import { BuiltinError } from '../types.ts'
import { linearSource } from './subset.ts'

const PATTERNS_MAX = 512
/** A pattern's program may have this many characters of source at most. */
const SOURCE_LENGTH_MAX = 65_536

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
  const native = key.startsWith('/') ? linearSource(key.slice(1)) : undefined
  if (native !== undefined) {
    const expression = new RegExp(native, 'u')
    return { test: (text) => expression.test(text) }
  }
  const program = cachedProgram(key)
  return { test: (text) => program.test(text) }
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

/** Escapes what has a meaning in patterns. */
export function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}
