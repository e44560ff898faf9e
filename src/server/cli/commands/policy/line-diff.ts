/** With more cells than this, nothing is compared and the whole block counts as changed. */
const CELLS_MAX = 4_000_000

/**
 * The difference of two texts, in lines with `-` and `+` under headings such as `@@ -3 +3 @@`, which tell where a
 * change begins in each text. Empty if the texts are equal.
 */
export function lineDiff(before: string, after: string): string[] {
  const a = before.split('\n')
  const b = after.split('\n')
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  const free = Math.min(a.length, b.length) - start
  while (end < free && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1
  return compare(a.slice(start, a.length - end), b.slice(start, b.length - end), start + 1)
}

function compare(a: readonly string[], b: readonly string[], firstRow: number): string[] {
  const common = a.length * b.length > CELLS_MAX ? undefined : commonLengths(a, b)
  const at = (i: number, j: number): number => common?.[i * (b.length + 1) + j] ?? 0
  const lines: string[] = []
  let [i, j, open] = [0, 0, false]
  while (i < a.length || j < b.length) {
    if (common !== undefined && i < a.length && j < b.length && a[i] === b[j]) {
      ;[i, j, open] = [i + 1, j + 1, false]
      continue
    }
    if (!open) lines.push(`@@ -${firstRow + i} +${firstRow + j} @@`)
    open = true
    const takesOld = i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))
    if (takesOld) lines.push(`-${a[i++] ?? ''}`)
    else lines.push(`+${b[j++] ?? ''}`)
  }
  return lines
}

/** How many lines two suffixes have in common, for each pair of suffixes. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array {
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const skip = Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0)
      lengths[i * width + j] = a[i] === b[j] ? 1 + (lengths[(i + 1) * width + j + 1] ?? 0) : skip
    }
  }
  return lengths
}
