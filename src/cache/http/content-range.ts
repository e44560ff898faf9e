import type { ByteRange } from './byte-range.ts'

/** Where a part stands within the whole content (RFC 9110 §14.4). */
export interface ContentRange extends ByteRange {
  /** Length of the whole content. */
  readonly completeBytes: number
}

/** Reads Content-Range; `undefined` when it is malformed, of other units, or leaves the length open. */
export function parseContentRange(value: string | null): ContentRange | undefined {
  const match = value === null ? null : /^bytes[ \t]+(\d+)-(\d+)\/(\d+)$/i.exec(value)
  if (match === null) return undefined
  const [first, last, completeBytes] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const isSound = first <= last && last < completeBytes && Number.isSafeInteger(completeBytes)
  return isSound ? { first, last, completeBytes } : undefined
}

/** Writes Content-Range. */
export const writeContentRange = ({ first, last, completeBytes }: ContentRange): string =>
  `bytes ${first}-${last}/${completeBytes}`
