/**
 * The text that the digest of a JSON file in a signed bundle is taken of: keys sorted by their bytes, no
 * spaces, numbers as they were written. Files that mean the same have the same text.
 *
 * @throws SyntaxError when it is no JSON.
 */
export function canonicalJson(text: string): string {
  JSON.parse(text)
  // Numbers become text, so that none of their digits is lost; strings are marked to stay apart.
  const marked = text.replaceAll(TOKENS, (token) =>
    token.startsWith('"') ? `"s${token.slice(1)}` : `"n${token}"`,
  )
  return write(JSON.parse(marked))
}

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

function write(value: unknown): string {
  if (typeof value === 'string') {
    return value.startsWith('n') ? value.slice(1) : quote(value.slice(1))
  }
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value)
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([key, item]) => `${quote(key.slice(1))}:${write(item)}`)
  return `{${members.join(',')}}`
}

/** As Go's encoder writes strings: line separators escaped, halves of pairs replaced. */
const quote = (text: string): string =>
  JSON.stringify(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'))
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`)
