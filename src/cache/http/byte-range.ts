/** A part of content: first and last byte, both included. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * The range that a Range field asks for of content of `length` bytes (RFC 9110 §14.1.2): `undefined`
 * when the field is to be ignored (other units, several ranges, malformed), `unsatisfiable` when it lies
 * outside.
 */
export function byteRange(value: string, length: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(value)
  const [, from = '', to = ''] = match ?? []
  if (match === null || (from === '' && to === '')) return undefined
  if (from === '') {
    const suffix = Number(to)
    if (suffix === 0 || length === 0) return 'unsatisfiable'
    return { first: Math.max(0, length - suffix), last: length - 1 }
  }
  const first = Number(from)
  if (to !== '' && Number(to) < first) return undefined
  if (first >= length) return 'unsatisfiable'
  return { first, last: to === '' ? length - 1 : Math.min(Number(to), length - 1) }
}

/** Whether a Range field asks for one range of bytes. */
export const isSingleRange = (value: string | null): value is string =>
  value !== null && value.length <= 64 && byteRange(value, Number.MAX_SAFE_INTEGER) !== undefined
