import { codePointCount } from '../code-points.ts'
import { BuiltinError } from '../types.ts'

/** The indices, in code points, of every occurrence of `needle`, overlapping ones included. */
export function indicesOf(haystack: string, needle: string, countMax: number): number[] {
  if (needle === '') throw new BuiltinError('empty search character')
  const found: number[] = []
  let counted = 0
  let from = 0
  for (
    let at = haystack.indexOf(needle);
    at >= 0 && found.length < countMax;
    at = haystack.indexOf(needle, at + 1)
  ) {
    counted += codePointCount(haystack.slice(from, at))
    from = at
    found.push(counted)
  }
  return found
}

/** The number of nonoverlapping occurrences; the empty string occurs around every character. */
export function countOf(text: string, part: string): number {
  return part === '' ? codePointCount(text) + 1 : text.split(part).length - 1
}

/** A substring by offset and length in code points; a negative length means the rest. */
export function substring(text: string, offset: number, length: number): string {
  if (offset < 0) throw new BuiltinError('negative offset')
  if (codePointCount(text) === text.length)
    return text.slice(offset, length < 0 ? undefined : offset + length)
  return Array.from(text)
    .slice(offset, length < 0 ? undefined : offset + length)
    .join('')
}

/** Splits at a delimiter; the empty delimiter splits into characters. */
export function split(text: string, delimiter: string): string[] {
  return delimiter === '' ? Array.from(text) : text.split(delimiter)
}

/** The first `count` parts, or the last `-count`. */
export function splitN(text: string, delimiter: string, count: number): string[] {
  const parts = split(text, delimiter)
  return count >= 0 ? parts.slice(0, count) : parts.slice(Math.max(parts.length + count, 0))
}

/** Whether any of the texts begins with any of the prefixes. */
export function anyStartsWith(texts: readonly string[], prefixes: readonly string[]): boolean {
  const sorted = [...texts].sort()
  return prefixes.some((prefix) => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sorted[middle]! < prefix) low = middle + 1
      else high = middle
    }
    return sorted[low]?.startsWith(prefix) === true
  })
}

/** The characters in reverse order. */
export function reverse(text: string): string {
  return Array.from(text).reverse().join('')
}
