const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** `text` as a JSON string; short plain text costs one test. Text longer than `charsMax` is truncated. */
export function quote(text: string, charsMax = 1024): string {
  const bounded = text.length > charsMax ? text.slice(0, charsMax) : text
  return PLAIN.test(bounded) ? `"${bounded}"` : JSON.stringify(bounded)
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * 32-bit FNV-1a of the UTF-16 code units; 0 for the empty string. The index stores it instead of the text; a match is
 * confirmed by reading the record, so a collision costs only time.
 */
export function hashText(text: string): number {
  if (text === '') return 0
  let hash = FNV_OFFSET
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME)
  }
  return hash >>> 0
}
