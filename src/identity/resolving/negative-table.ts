/**
 * Remembers for a short time which digests were refused: a direct-mapped table of fixed size, in which the newer entry
 * wins. Besides its place, 64 bits of a keyed digest identify an entry.
 */
export interface NegativeTable {
  has(digest: Uint8Array, nowMs: number): boolean
  add(digest: Uint8Array, nowMs: number): void
  clear(): void
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0

/** Creates a {@link NegativeTable} of `2 ** bits` places, whose entries are valid for `ageMs`. */
export function createNegativeTable(bits: number, ageMs: number): NegativeTable {
  const places = 2 ** bits
  const prints = new Uint32Array(places * 2)
  const sinceMs = new Float64Array(places).fill(-Infinity)
  return {
    has(digest, nowMs) {
      const place = wordAt(digest, 0) & (places - 1)
      const agoMs = nowMs - sinceMs[place]!
      // An entry dated in the future was noted before the clock was set back, and may not be true by the new time.
      return (
        agoMs >= 0 &&
        agoMs < ageMs &&
        prints[place * 2] === wordAt(digest, 8) &&
        prints[place * 2 + 1] === wordAt(digest, 12)
      )
    },
    add(digest, nowMs) {
      const place = wordAt(digest, 0) & (places - 1)
      prints[place * 2] = wordAt(digest, 8)
      prints[place * 2 + 1] = wordAt(digest, 12)
      sinceMs[place] = nowMs
    },
    clear() {
      sinceMs.fill(-Infinity)
    },
  }
}
