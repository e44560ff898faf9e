const SIMPLE: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

const SPECIAL = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

/**
 * A double-quoted string literal with Go's escapes (strconv.Quote): unprintable characters are escaped.
 * @param asciiOnly escape every character outside ASCII (Go's `%+q`).
 */
export function quoteString(text: string, asciiOnly = false): string {
  const quoted = `"${text.replace(SPECIAL, escapeCharacter)}"`
  return asciiOnly ? quoted.replace(/[\u0080-\u{10ffff}]/gu, escapeCharacter) : quoted
}

/** The Go escape of one character. */
export function escapeCharacter(character: string): string {
  const simple = SIMPLE[character]
  if (simple !== undefined) return simple
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd'
  return code < 0x10000
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\U${code.toString(16).padStart(8, '0')}`
}
