/**
 * The canonical text of a JSON file in a signed bundle, of which the digest is taken: keys sorted by their bytes, no
 * spaces, numbers as written. Files with the same meaning have the same text.
 *
 * @throws SyntaxError when the text is not JSON.
 */
export function canonicalJson(text: string): string {
  JSON.parse(text)
  // Numbers become strings, so that no digit is lost; real strings are marked to tell them apart.
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

/** Quotes a string as Go's encoder does: line separators escaped, lone surrogates replaced. */
const quote = (text: string): string =>
  JSON.stringify(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'))
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`)
