/** Packs the nonempty cells: (cells skipped, count) pairs as LEB128 numbers, in base64. */
export function encodeCounts(counts: Float64Array): string {
  const bytes: number[] = []
  let skipped = 0
  for (const count of counts) {
    if (count === 0) {
      skipped += 1
      continue
    }
    pushNumber(bytes, skipped)
    pushNumber(bytes, count)
    skipped = 0
  }
  return Uint8Array.from(bytes).toBase64()
}

/**
 * Unpacks into `counts` and returns their sum.
 *
 * @throws RangeError if the text is cut short, or has a cell beyond the last or with a count of 0.
 */
export function decodeCounts(text: string, counts: Float64Array): number {
  const bytes = Uint8Array.fromBase64(text)
  const reader = { at: 0 }
  let index = -1
  let sum = 0
  while (reader.at < bytes.length) {
    index += 1 + readNumber(bytes, reader)
    const count = readNumber(bytes, reader)
    if (index >= counts.length || count < 1) throw new RangeError('not a histogram')
    counts[index] = count
    sum += count
  }
  return sum
}

function pushNumber(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}

function readNumber(bytes: Uint8Array, reader: { at: number }): number {
  let value = 0
  for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
    const byte = bytes[reader.at]
    if (byte === undefined) throw new RangeError('a histogram that was cut short')
    reader.at += 1
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return value
  }
  throw new RangeError('a number too large in a histogram')
}
