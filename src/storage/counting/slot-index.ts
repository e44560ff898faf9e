/** A bucket is a slot's number plus one in 24 bits, and 8 bits of its hash; 0 is an empty one. */
const NUMBER_BITS = 24
const NUMBER_MASK = 2 ** NUMBER_BITS - 1

const BUCKETS_MIN = 2048
/** Buckets are filled up to this share: a probe looks at few, and 16 of them share a cache line. */
const FILL_MAX = 0.6
/** The limit of slots that are not linked. */
const NO_LIMIT = 2 ** 32 - 1
const MIX_A = 0x85ebca6b
const MIX_B = 0xc2b2ae35

/** Slots that a {@link SlotIndex} can tell apart. */
export const SLOTS_MAX = NUMBER_MASK - 1

/**
 * Which slot a subject's counter of a limit has: an open-addressing table with linear probing in typed
 * arrays, which costs some 15 bytes a counter and nothing to the garbage collector.
 *
 * The counters of one subject have neighboring buckets, and neighboring slots when they were made by
 * one request: what a request asks lies in few cache lines. Hashes begin with a seed, so that who does
 * not know it cannot aim at buckets; entries are compared in full, so that collisions cost time alone.
 */
export class SlotIndex {
  readonly #seed: number
  #mask = BUCKETS_MIN - 1
  #buckets = new Uint32Array(BUCKETS_MIN)
  /** Two words for each slot: the hash of its subject, and the number of its limit. */
  #keys = new Uint32Array(BUCKETS_MIN)
  readonly #subjects: string[] = []
  #size = 0
  #lastSubject = ''
  #lastHash = 0

  constructor(seed: number) {
    this.#seed = seed
    this.#lastHash = this.#hashOf('')
  }

  /** Slots linked now. */
  get size(): number {
    return this.#size
  }

  /** The slot of a limit's subject, or -1. */
  find(limit: number, subject: string): number {
    const buckets = this.#buckets
    const mask = this.#mask
    const hash = this.#hash(subject)
    const print = hash >>> NUMBER_BITS
    for (let bucket = (hash + limit) & mask; ; bucket = (bucket + 1) & mask) {
      const held = buckets[bucket]!
      if (held === 0) return -1
      if (held >>> NUMBER_BITS !== print) continue
      const slot = (held & NUMBER_MASK) - 1
      if (this.#keys[2 * slot + 1] === limit && this.#subjects[slot] === subject) return slot
    }
  }

  /**
   * The slot of a limit's subject if it is `near` or next to it, or -1. Needs no hash, and looks at what finding
   * the slot would look at anyway.
   */
  findNear(limit: number, subject: string, near: number): number {
    if (near < 0) return -1
    if (this.#holds(near, limit, subject)) return near
    if (this.#holds(near + 1, limit, subject)) return near + 1
    return near > 0 && this.#holds(near - 1, limit, subject) ? near - 1 : -1
  }

  /** Links a slot that is not linked. */
  link(slot: number, limit: number, subject: string): void {
    if (this.#size + 1 > this.#buckets.length * FILL_MAX) this.#growBuckets()
    if (2 * slot + 1 >= this.#keys.length) {
      const grown = new Uint32Array(this.#keys.length * 2)
      grown.set(this.#keys)
      this.#keys = grown
    }
    this.#keys[2 * slot] = this.#hash(subject)
    this.#keys[2 * slot + 1] = limit
    this.#subjects[slot] = subject
    this.#place(slot)
    this.#size += 1
  }

  /** Unlinks a slot and closes the gap in its cluster (Knuth 6.4, algorithm R). */
  unlink(slot: number): void {
    const buckets = this.#buckets
    const mask = this.#mask
    let hole = this.#home(slot)
    while ((buckets[hole]! & NUMBER_MASK) !== slot + 1) hole = (hole + 1) & mask
    for (let next = (hole + 1) & mask; buckets[next] !== 0; next = (next + 1) & mask) {
      const home = this.#home((buckets[next]! & NUMBER_MASK) - 1)
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      buckets[hole] = buckets[next]!
      hole = next
    }
    buckets[hole] = 0
    this.#keys[2 * slot + 1] = NO_LIMIT
    this.#subjects[slot] = ''
    this.#size -= 1
  }

  /** The subject of a linked slot. */
  subject(slot: number): string {
    return this.#subjects[slot]!
  }

  /** The number of a linked slot's limit. */
  limit(slot: number): number {
    return this.#keys[2 * slot + 1]!
  }

  #holds(slot: number, limit: number, subject: string): boolean {
    return this.#keys[2 * slot + 1] === limit && this.#subjects[slot] === subject
  }

  #home(slot: number): number {
    return (this.#keys[2 * slot]! + this.#keys[2 * slot + 1]!) & this.#mask
  }

  #place(slot: number): void {
    let bucket = this.#home(slot)
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & this.#mask
    const print = this.#keys[2 * slot]! >>> NUMBER_BITS
    this.#buckets[bucket] = ((print << NUMBER_BITS) | (slot + 1)) >>> 0
  }

  #growBuckets(): void {
    const old = this.#buckets
    this.#buckets = new Uint32Array(old.length * 2)
    this.#mask = this.#buckets.length - 1
    for (const held of old) if (held !== 0) this.#place((held & NUMBER_MASK) - 1)
  }

  /** A request asks several limits of one subject in a row. */
  #hash(subject: string): number {
    if (subject !== this.#lastSubject) {
      this.#lastHash = this.#hashOf(subject)
      this.#lastSubject = subject
    }
    return this.#lastHash
  }

  /** Multiply and shift over pairs of characters, with the finalizer of MurmurHash3 (A. Appleby). */
  #hashOf(subject: string): number {
    const { length } = subject
    const even = length & ~1
    let hash = this.#seed ^ length
    for (let at = 0; at < even; at += 2) {
      const pair = subject.charCodeAt(at) | (subject.charCodeAt(at + 1) << 16)
      hash = Math.imul(hash ^ pair, MIX_A)
      hash ^= hash >>> 15
    }
    if (even < length) hash = Math.imul(hash ^ subject.charCodeAt(even), MIX_A)
    hash = Math.imul(hash ^ (hash >>> 16), MIX_B)
    return (hash ^ (hash >>> 13)) >>> 0
  }
}
