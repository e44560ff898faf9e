import type { Caller } from '../../core/caller.ts'

/** What an entry hangs on: when any of these ids changes, the entry goes. */
export type Dependencies = readonly [
  credential: string,
  owner: string,
  user: string,
  tenant: string,
]

/** A use of a credential that is not written yet. */
export interface CredentialUse {
  readonly caller: Caller
  readonly usedAtMs: number
}

/**
 * One slot is one cache line of 64 bytes: the digest (words 0–7), until when the entry holds (float 4;
 * 0 marks an empty slot), when it was last used (float 5), and tags of its dependencies (words 12–15,
 * 31 bits each; the lowest bit of the last says "used since the clock's hand passed").
 */
const WORDS = 16
const FLOATS = 8
const DIGEST_WORDS = 8
const VALID_UNTIL = 4
const LAST_USED = 5
const FIRST_TAG = 12
const REFERENCED = 15

const SLOTS_MIN = 1024
/** Last use is noted once in this time: noting it dirties a cache line. */
const USE_GRAIN_MS = 1000

/** A 31-bit FNV-1a hash of an id, shifted left to leave the lowest bit free. */
function tagOf(id: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  return (hash << 1) >>> 0
}

const wordAt = (bytes: Uint8Array, word: number): number => {
  const at = word * 4
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  )
}

/**
 * Known credentials by digest: an open-addressing table with linear probing in typed arrays, so that a
 * hit touches one cache line before the caller itself. At most half full; beyond `capacity` entries the
 * CLOCK algorithm (Corbató 1968) evicts. Digests are keyed with a secret, so nobody can aim at slots.
 */
export class CredentialTable {
  size = 0
  evictions = 0
  readonly capacity: number
  private slots: number
  private words: Uint32Array
  private floats: Float64Array
  private callers: (Caller | undefined)[]
  private hand = 0
  /** Called with each entry that leaves and was used. */
  private readonly onLeave: (use: CredentialUse) => void

  constructor(capacity: number, onLeave: (use: CredentialUse) => void) {
    this.capacity = capacity
    this.onLeave = onLeave
    this.slots = SLOTS_MIN
    const buffer = new ArrayBuffer(this.slots * WORDS * 4)
    this.words = new Uint32Array(buffer)
    this.floats = new Float64Array(buffer)
    this.callers = Array.from({ length: this.slots })
  }

  /** The slot that holds `digest`, or -1. */
  find(digest: Uint8Array): number {
    const { words, floats } = this
    const mask = this.slots - 1
    const first = wordAt(digest, 0)
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      if (floats[slot * FLOATS + VALID_UNTIL] === 0) return -1
      const base = slot * WORDS
      if (words[base] === first) {
        let difference = 0
        for (let word = 1; word < DIGEST_WORDS; word++) {
          difference |= words[base + word]! ^ wordAt(digest, word)
        }
        if (difference === 0) return slot
      }
    }
  }

  /** The caller in `slot` if it still holds, noting the use. */
  use(slot: number, nowMs: number): Caller | undefined {
    const base = slot * FLOATS
    if (nowMs >= this.floats[base + VALID_UNTIL]!) return undefined
    if (nowMs - this.floats[base + LAST_USED]! >= USE_GRAIN_MS) {
      this.floats[base + LAST_USED] = nowMs
      this.words[slot * WORDS + REFERENCED]! |= 1
    }
    return this.callers[slot]
  }

  /** When the entry in `slot` was last used; 0 for never. */
  lastUsedMs(slot: number): number {
    return this.floats[slot * FLOATS + LAST_USED]!
  }

  /** Stores a caller until `validUntilMs`, in place of an entry with the same digest. */
  store(
    digest: Uint8Array,
    caller: Caller,
    dependencies: Dependencies,
    validUntilMs: number,
    nowMs: number,
  ): void {
    let slot = this.find(digest)
    if (slot < 0) {
      if (this.size >= this.capacity) this.evict()
      if ((this.size + 1) * 2 > this.slots) this.grow()
      slot = this.emptySlot(wordAt(digest, 0))
      for (let word = 0; word < DIGEST_WORDS; word++) {
        this.words[slot * WORDS + word] = wordAt(digest, word)
      }
      this.size++
    }
    this.callers[slot] = caller
    this.floats[slot * FLOATS + VALID_UNTIL] = Math.max(validUntilMs, Number.MIN_VALUE)
    this.floats[slot * FLOATS + LAST_USED] = nowMs
    for (let at = 0; at < dependencies.length; at++) {
      this.words[slot * WORDS + FIRST_TAG + at] = tagOf(dependencies[at]!)
    }
  }

  /** Removes the entry with this digest, if there is one. */
  remove(digest: Uint8Array): void {
    const slot = this.find(digest)
    if (slot >= 0) this.removeSlot(slot)
  }

  /** Removes every entry that depends on `id` (and, one in 2³¹, one that does not: it is read again). */
  removeDependent(id: string): void {
    const tag = tagOf(id)
    for (let slot = 0; slot < this.slots; slot++) {
      while (this.isOccupied(slot) && this.dependsOn(slot, tag)) this.removeSlot(slot)
    }
  }

  /** Removes everything. */
  clear(): void {
    for (let slot = 0; slot < this.slots; slot++) if (this.isOccupied(slot)) this.leave(slot)
    this.words.fill(0)
    this.callers.fill(undefined)
    this.size = 0
  }

  /** The entries used at or after `sinceMs`. */
  usedSince(sinceMs: number): CredentialUse[] {
    const uses: CredentialUse[] = []
    for (let slot = 0; slot < this.slots; slot++) {
      const caller = this.callers[slot]
      const usedAtMs = this.lastUsedMs(slot)
      if (caller !== undefined && usedAtMs >= sinceMs) uses.push({ caller, usedAtMs })
    }
    return uses
  }

  private isOccupied(slot: number): boolean {
    return this.floats[slot * FLOATS + VALID_UNTIL] !== 0
  }

  private dependsOn(slot: number, tag: number): boolean {
    const base = slot * WORDS
    const { words } = this
    return (
      words[base + 12] === tag ||
      words[base + 13] === tag ||
      words[base + 14] === tag ||
      (words[base + REFERENCED]! & ~1) >>> 0 === tag
    )
  }

  private emptySlot(first: number): number {
    const mask = this.slots - 1
    let slot = first & mask
    while (this.isOccupied(slot)) slot = (slot + 1) & mask
    return slot
  }

  private leave(slot: number): void {
    const caller = this.callers[slot]
    if (caller !== undefined) this.onLeave({ caller, usedAtMs: this.lastUsedMs(slot) })
  }

  /** Empties a slot and closes the gap in its cluster (Knuth 6.4, algorithm R). */
  private removeSlot(slot: number): void {
    const mask = this.slots - 1
    this.leave(slot)
    let hole = slot
    for (let next = (hole + 1) & mask; this.isOccupied(next); next = (next + 1) & mask) {
      const home = this.words[next * WORDS]! & mask
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      this.move(next, hole)
      hole = next
    }
    this.words.fill(0, hole * WORDS, (hole + 1) * WORDS)
    this.callers[hole] = undefined
    this.size--
  }

  private move(from: number, to: number): void {
    this.words.copyWithin(to * WORDS, from * WORDS, (from + 1) * WORDS)
    this.callers[to] = this.callers[from]
  }

  private evict(): void {
    const mask = this.slots - 1
    for (;;) {
      const slot = this.hand
      this.hand = (slot + 1) & mask
      if (!this.isOccupied(slot)) continue
      const flags = slot * WORDS + REFERENCED
      if ((this.words[flags]! & 1) === 0) {
        this.removeSlot(slot)
        this.evictions++
        return
      }
      this.words[flags]! &= ~1
    }
  }

  private grow(): void {
    const { words, callers, slots } = this
    this.slots = slots * 2
    const buffer = new ArrayBuffer(this.slots * WORDS * 4)
    this.words = new Uint32Array(buffer)
    const floats = this.floats
    this.floats = new Float64Array(buffer)
    this.callers = Array.from({ length: this.slots })
    this.hand = 0
    for (let from = 0; from < slots; from++) {
      if (floats[from * FLOATS + VALID_UNTIL] === 0) continue
      const to = this.emptySlot(words[from * WORDS]!)
      this.words.set(words.subarray(from * WORDS, (from + 1) * WORDS), to * WORDS)
      this.callers[to] = callers[from]
    }
  }
}
