import { KIND_BITS, MARK, SERIAL, WORDS } from './lanes.ts'
import type { Slots } from './slots.ts'

/** A bucket holds a slot's number plus one in 24 bits, and 8 bits of its hash; 0 means empty. */
const NUMBER_BITS = 24
const NUMBER_MASK = 2 ** NUMBER_BITS - 1

const BUCKETS_MIN = 2048
/** Buckets are filled up to this share, so that a probe looks at few; 16 of them share a cache line. */
const FILL_MAX = 0.6
const MIX_A = 0x85ebca6b
const MIX_B = 0xc2b2ae35

/** The number of slots that a {@link SlotIndex} can tell apart. */
export const SLOTS_MAX = NUMBER_MASK - 1
/** The number of serials that fit into a number beside a slot without losing a bit. */
export const SERIALS_MAX = 2 ** (53 - NUMBER_BITS) - 1

/**
 * Finds the slot of a subject's counter for a limit: an open-addressing table with linear probing in typed arrays,
 * which takes about 15 bytes per counter and costs the garbage collector nothing.
 *
 * The counters of one subject have neighboring buckets, and neighboring slots if one request made them, so that a
 * request needs few cache lines. Hashes are seeded, so that nobody without the seed can aim at buckets; entries are
 * compared in full, so that collisions cost only time.
 *
 * A caller that has found a slot can recognize it by its serial, without comparing its subject. A serial is assigned
 * once in an {@link SlotIndex.era}; neighbors of one subject share it.
 */
export class SlotIndex {
  readonly #slots: Slots
  readonly #seed: number
  readonly #serialsMax: number
  #mask = BUCKETS_MIN - 1
  #buckets = new Uint32Array(BUCKETS_MIN)
  /** The hash of each slot's subject. */
  #hashes = new Int32Array(BUCKETS_MIN)
  readonly #subjects: string[] = []
  #size = 0
  #lastSubject = ''
  #lastHash = 0
  #lastSerial = 0
  #era: object = {}

  /** @param serialsMax at least the number of slots that are ever linked at once */
  constructor(slots: Slots, seed: number, serialsMax = SERIALS_MAX) {
    this.#slots = slots
    this.#seed = seed
    this.#serialsMax = serialsMax
    this.#lastHash = this.#hashOf('')
  }

  /** The number of linked slots. */
  get size(): number {
    return this.#size
  }

  /** The same object as long as no serial is assigned twice, and unique to this index. */
  get era(): object {
    return this.#era
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
      if (this.limit(slot) === limit && this.#subjects[slot] === subject) return slot
    }
  }

  /**
   * The slot of a limit's subject if it is `near` or next to it, or -1. Needs no hash; looks first at slots that share
   * a cache line.
   */
  findNear(limit: number, subject: string, near: number): number {
    if (near < 0) return -1
    if (this.#holds(near, limit, subject)) return near
    const twin = near ^ 1
    if (this.#holds(twin, limit, subject)) return twin
    const other = 2 * near - twin
    return this.#holds(other, limit, subject) ? other : -1
  }

  /** As {@link findNear}, for the subject that a serial of this era stands for; reads only the slots. */
  findSerial(limit: number, serial: number, near: number): number {
    const { words } = this.#slots
    if (isSlotOf(words, near, limit, serial)) return near
    const twin = near ^ 1
    if (isSlotOf(words, twin, limit, serial)) return twin
    const other = 2 * near - twin
    return isSlotOf(words, other, limit, serial) ? other : -1
  }

  /** Links a slot that is not linked. */
  link(slot: number, limit: number, subject: string): void {
    if (this.#size + 1 > this.#buckets.length * FILL_MAX) this.#growBuckets()
    if (slot >= this.#hashes.length) {
      const grown = new Int32Array(this.#hashes.length * 2)
      grown.set(this.#hashes)
      this.#hashes = grown
    }
    this.#slots.hold(slot)
    const { words } = this.#slots
    const serial = this.#serialBeside(slot, subject) || this.#newSerial()
    words[slot * WORDS + SERIAL] = serial
    words[slot * WORDS + MARK] = limit << KIND_BITS
    this.#hashes[slot] = this.#hash(subject)
    this.#subjects[slot] = subject
    this.#place(slot)
    this.#size += 1
  }

  /** Unlinks a slot, clears it, and closes the gap in its cluster (Knuth 6.4, algorithm R). */
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
    this.#slots.clear(slot)
    this.#subjects[slot] = ''
    this.#size -= 1
  }

  /** The subject of a linked slot. */
  subject(slot: number): string {
    return this.#subjects[slot]!
  }

  /** The number of a linked slot's limit. */
  limit(slot: number): number {
    return this.#slots.words[slot * WORDS + MARK]! >>> KIND_BITS
  }

  /** The serial of a linked slot's subject in this era; 0 for a slot that is not linked. */
  serial(slot: number): number {
    return this.#slots.words[slot * WORDS + SERIAL]!
  }

  #holds(slot: number, limit: number, subject: string): boolean {
    const serial = this.#slots.words[slot * WORDS + SERIAL]
    if (serial === undefined || serial === 0) return false
    return this.limit(slot) === limit && this.#subjects[slot] === subject
  }

  /** The serial of the same subject next to a slot; 0 for none. */
  #serialBeside(slot: number, subject: string): number {
    return this.#serialIf(slot - 1, subject) || this.#serialIf(slot + 1, subject)
  }

  #serialIf(slot: number, subject: string): number {
    if (slot < 0 || slot >= this.#subjects.length || this.#subjects[slot] !== subject) return 0
    return this.serial(slot)
  }

  #newSerial(): number {
    if (this.#lastSerial >= this.#serialsMax) this.#beginEra()
    this.#lastSerial += 1
    return this.#lastSerial
  }

  /** Assigns serials from 1 on, first to linked slots. Serials that were remembered before are no longer valid. */
  #beginEra(): void {
    this.#era = {}
    this.#lastSerial = 0
    const { words } = this.#slots
    for (let at = SERIAL; at < words.length; at += WORDS) {
      if (words[at] !== 0) words[at] = ++this.#lastSerial
    }
  }

  #home(slot: number): number {
    return (this.#hashes[slot]! + this.limit(slot)) & this.#mask
  }

  #place(slot: number): void {
    let bucket = this.#home(slot)
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & this.#mask
    const print = this.#hashes[slot]! >>> NUMBER_BITS
    this.#buckets[bucket] = ((print << NUMBER_BITS) | (slot + 1)) >>> 0
  }

  #growBuckets(): void {
    const old = this.#buckets
    this.#buckets = new Uint32Array(old.length * 2)
    this.#mask = this.#buckets.length - 1
    for (const held of old) if (held !== 0) this.#place((held & NUMBER_MASK) - 1)
  }

  /** Remembers the last hash, because a request needs several limits of one subject in a row. */
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

/** Whether a slot, which may not exist, is the counter of a limit for the subject of a serial other than 0. */
function isSlotOf(words: Int32Array, slot: number, limit: number, serial: number): boolean {
  return (
    words[slot * WORDS + SERIAL] === serial && words[slot * WORDS + MARK]! >>> KIND_BITS === limit
  )
}
