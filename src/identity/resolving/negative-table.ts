/**
 * Remembers which digests were refused, for a short while: a direct-mapped table of fixed size, in
 * which the newer entry wins. 64 bits of a keyed digest besides its place tell entries apart.
 */
export interface NegativeTable {
  has(digest: Uint8Array, nowMs: number): boolean
  add(digest: Uint8Array, untilMs: number): void
  clear(): void
}

/** Creates a {@link NegativeTable} of `2 ** bits` places. */
export function createNegativeTable(bits: number): NegativeTable {
  const places = 2 ** bits
  const prints = new Uint32Array(places * 2)
  const untils = new Float64Array(places)
  const viewOf = (digest: Uint8Array): DataView =>
    new DataView(digest.buffer, digest.byteOffset, digest.byteLength)
  return {
    has(digest, nowMs) {
      const view = viewOf(digest)
      const place = view.getUint32(0) & (places - 1)
      return (
        nowMs < untils[place]! &&
        prints[place * 2] === view.getUint32(8) &&
        prints[place * 2 + 1] === view.getUint32(12)
      )
    },
    add(digest, untilMs) {
      const view = viewOf(digest)
      const place = view.getUint32(0) & (places - 1)
      prints[place * 2] = view.getUint32(8)
      prints[place * 2 + 1] = view.getUint32(12)
      untils[place] = untilMs
    },
    clear() {
      untils.fill(0)
    },
  }
}
