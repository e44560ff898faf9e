const DISTANCE_LENGTH_MAX = 64

/**
 * Edit distance in which swapping two neighbors counts as one edit (optimal string alignment, the restricted
 * Damerau–Levenshtein distance).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const changed = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + changed)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

/**
 * The candidate that `text` was probably meant to be, or `undefined` when none is near. At most a third of the
 * letters may differ (but always one, and never more than three); case and separators do not count.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length === 0 || text.length > DISTANCE_LENGTH_MAX) return undefined
  const plain = simplify(text)
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    if (candidate === text || candidate.length > DISTANCE_LENGTH_MAX) continue
    const distance = editDistance(plain, simplify(candidate))
    const bound = Math.min(3, Math.max(1, Math.floor(Math.max(text.length, candidate.length) / 3)))
    if (distance <= bound && (best === undefined || distance < best.distance)) {
      best = { candidate, distance }
    }
  }
  return best?.candidate
}

const simplify = (text: string): string => text.toLowerCase().replaceAll(/[-_. ]/g, '')
