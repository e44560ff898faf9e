import type { ColumnFilter, RecordColumns } from './columns.ts'
import { HASHED } from './columns.ts'

/** Bytes of a segment's filter: good for some thousand distinct texts; with many more, it rules nothing out. */
export const BLOOM_BYTES = 2048
const BITS = BLOOM_BYTES * 8
const PROBES = 4
/**
 * With this many texts, the filter rules out next to nothing: all its bits are set, and the rest of the work is
 * skipped.
 */
const TEXTS_MAX = 4 * BLOOM_BYTES
/** How many recent texts are remembered, so that they are not set again. */
const RECENT = 256
const MIX_A = 0x85ebca6b
const MIX_B = 0xc2b2ae35

/**
 * A Bloom filter over the texts of a segment (tenants, actors, actions, outcomes): tells at once that a segment holds
 * nothing that a query asks for. Request ids are left out, because each occurs only once.
 */
export function buildBloom(columns: RecordColumns): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES)
  const recent = new Uint32Array(RECENT)
  let texts = 0
  for (const [field, name] of HASHED.entries()) {
    if (name === 'request') continue
    const hashes = columns[name]
    recent.fill(0)
    for (let row = 0; row < columns.rows; row++) {
      const hash = hashes[row]!
      if (recent[hash % RECENT] === hash) continue
      recent[hash % RECENT] = hash
      texts += 1
      if (texts > TEXTS_MAX) return bloom.fill(0xff)
      for (let probe = 0; probe < PROBES; probe++) {
        const bit = bitOf(hash, field, probe)
        bloom[bit >>> 3]! |= 1 << (bit & 7)
      }
    }
  }
  return bloom
}

/** `false` when no record of the segment can match. */
export function mayMatch(bloom: Uint8Array, filter: ColumnFilter): boolean {
  return HASHED.every((name, field) => {
    const hash = name === 'request' ? undefined : filter[name]
    if (hash === undefined || hash === 0) return true
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bitOf(hash, field, probe)
      if (((bloom[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
    }
    return true
  })
}

/** Double hashing (Kirsch and Mitzenmacher, 2006). */
function bitOf(hash: number, field: number, probe: number): number {
  const mixed = Math.imul(hash ^ Math.imul(field + 1, MIX_B), MIX_A)
  const first = (mixed ^ (mixed >>> 15)) >>> 0
  const second = (Math.imul(mixed ^ (mixed >>> 13), MIX_B) | 1) >>> 0
  return (first + probe * second) % BITS
}
