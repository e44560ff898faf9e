import type { PooledKey } from '../keys/cache-key.ts'
import { HASH, NAME, REFERENCES, SCOPE } from './slots.ts'
import type { Slots } from './slots.ts'

/** A bucket holds a slot's number plus one in 24 bits, and 8 bits of its hash; 0 is an empty bucket. */
const NUMBER_BITS = 24
const NUMBER_MASK = 2 ** NUMBER_BITS - 1

/** More slots than this cannot be addressed. */
export const SLOTS_MAX = NUMBER_MASK - 1

/** A table this small costs nothing, and an almost empty one has no runs: a lookup in a small pool needs no probing. */
const BUCKETS_MIN = 2048
/** In a half-full table, a lookup sees 1.5 buckets for a hit and 2.5 for a miss (Knuth 6.4, theorem K). */
const FILL_MAX = 0.5

/**
 * Finds slots by hash: open addressing with linear probing over 4 bytes per bucket, and deletion without tombstones
 * (Knuth 6.4, algorithm R).
 */
export class SlotIndex {
  private buckets = new Uint32Array(BUCKETS_MIN)
  private mask = BUCKETS_MIN - 1
  private count = 0
  private readonly slots: Slots

  constructor(slots: Slots) {
    this.slots = slots
  }

  /** The slot of a key, or -1. */
  find(key: PooledKey): number {
    const { buckets, mask } = this
    const { hash, name, scope } = key
    const { references } = this.slots
    const print = hash >>> NUMBER_BITS
    for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
      const held = buckets[bucket]!
      if (held === 0) return -1
      if (held >>> NUMBER_BITS !== print) continue
      const slot = (held & NUMBER_MASK) - 1
      const at = slot * REFERENCES
      if (references[at + NAME] === name && references[at + SCOPE] === scope) return slot
    }
  }

  /** Adds a slot that is not in the index; its hash must already be in its words. */
  add(slot: number): void {
    if (this.count + 1 > this.buckets.length * FILL_MAX) this.grow()
    this.count++
    this.link(slot)
  }

  remove(slot: number): void {
    this.count--
    const { buckets, mask } = this
    const { words, stride } = this.slots
    let hole = words[slot * stride + HASH]! & mask
    while ((buckets[hole]! & NUMBER_MASK) !== slot + 1) hole = (hole + 1) & mask
    for (let next = (hole + 1) & mask; buckets[next] !== 0; next = (next + 1) & mask) {
      const home = words[((buckets[next]! & NUMBER_MASK) - 1) * stride + HASH]! & mask
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      buckets[hole] = buckets[next]!
      hole = next
    }
    buckets[hole] = 0
  }

  /** The size of the buckets in bytes. */
  bytes(): number {
    return this.buckets.byteLength
  }

  private link(slot: number): void {
    const { buckets, mask, slots } = this
    const hash = slots.words[slot * slots.stride + HASH]!
    let bucket = hash & mask
    while (buckets[bucket] !== 0) bucket = (bucket + 1) & mask
    buckets[bucket] = ((hash >>> NUMBER_BITS) << NUMBER_BITS) | (slot + 1)
  }

  private grow(): void {
    const old = this.buckets
    this.buckets = new Uint32Array(old.length * 2)
    this.mask = this.buckets.length - 1
    for (const held of old) if (held !== 0) this.link((held & NUMBER_MASK) - 1)
  }
}
