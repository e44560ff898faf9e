import type { Caller } from '../../core/caller.ts'
import { isSameCaller } from './same-caller.ts'

/** What an entry depends on: when any of these ids changes, the entry is removed. */
export type Dependencies = readonly [
  credential: string,
  owner: string,
  user: string,
  tenant: string,
]

/** A use of a credential that has not been written yet. */
export interface CredentialUse {
  readonly caller: Caller
  readonly usedAtMs: number
}

/**
 * One entry is one cache line of 64 bytes: the digest (words 0–7), when it expires (float 4), when it was last used
 * (float 5), and tags of its dependencies (words 12–15, 31 bits each; the lowest bit of the last says "used since the
 * clock's hand passed").
 */
const WORDS = 16
const FLOATS = 8
const DIGEST_WORDS = 8
const VALID_UNTIL = 4
const LAST_USED = 5
const FIRST_TAG = 12
const REFERENCED = 15

/** A bucket holds an entry's number plus one in 24 bits, and 8 bits of its digest; 0 is an empty bucket. */
const NUMBER_BITS = 24
const NUMBER_MASK = 2 ** NUMBER_BITS - 1

const BUCKETS_MIN = 1024
/** The number of different values in the leading bits of a tag. */
const MARKS = 2 ** 16
const MARK_SHIFT = 16
/** The share of buckets that may be filled: a probe looks at only a few, and 16 of them share a cache line. */
const FILL_MAX = 0.8
/** The last use is noted at most once in this time, because noting it dirties a cache line. */
const USE_GRAIN_MS = 1000

/** Which uses must be written, and how many entries are examined to find them. */
export interface DueUses {
  readonly nowMs: number
  /** A use is due when the one handed out before it is this old. */
  readonly everyMs: number
  readonly rowsMax: number
  readonly entriesMax: number
}

/** The result of looking for {@link DueUses}. */
export interface LookedThrough {
  /** How many entries were examined. */
  readonly entries: number
  readonly rows: number
}

/** A 31-bit FNV-1a hash of an id, shifted left to leave the lowest bit free. */
function tagOf(id: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  return (hash << 1) >>> 0
}

/**
 * Known credentials by digest: an open-addressing table with linear probing in typed arrays, sized so that a hit costs
 * one cache miss for the entry and one for the caller: buckets and callers are dense. Above `capacity` entries, the
 * CLOCK algorithm (Corbató 1968) evicts. Digests are keyed with a secret, so nobody can target buckets.
 */
export class CredentialTable {
  size = 0
  evictions = 0
  readonly capacity: number
  private mask = BUCKETS_MIN - 1
  private buckets = new Uint32Array(BUCKETS_MIN)
  private words: Uint32Array
  private floats: Float64Array
  private readonly callers: Caller[] = []
  /** The time of each entry's use that was last handed out to be written, in seconds; 0 for none. */
  private writtenSeconds: Uint32Array
  private hand = 0
  /** The entry that is examined next for uses to write. */
  private dueHand = 0
  /** The digest looked up last. If the caller of {@link CredentialTable.find} puts it here, it is not copied. */
  readonly wantedBytes = new Uint8Array(DIGEST_WORDS * 4)
  /** The same bytes as words, which are cheaper to compare. */
  private readonly wanted = new Uint32Array(this.wantedBytes.buffer)
  /** Called for each entry that leaves with a use that was not handed out to be written. */
  private readonly onLeave: (use: CredentialUse) => void

  constructor(capacity: number, onLeave: (use: CredentialUse) => void) {
    this.capacity = Math.min(capacity, NUMBER_MASK - 1)
    this.onLeave = onLeave
    const buffer = new ArrayBuffer(BUCKETS_MIN * WORDS * 4)
    this.words = new Uint32Array(buffer)
    this.floats = new Float64Array(buffer)
    this.writtenSeconds = new Uint32Array(BUCKETS_MIN)
  }

  /** The entry with `digest`, or -1. */
  find(digest: Uint8Array): number {
    const { words, buckets, mask, wanted } = this
    if (digest !== this.wantedBytes) this.wantedBytes.set(digest)
    const first = wanted[0]!
    const print = first >>> NUMBER_BITS
    for (let bucket = first & mask; ; bucket = (bucket + 1) & mask) {
      const held = buckets[bucket]!
      if (held === 0) return -1
      if (held >>> NUMBER_BITS !== print) continue
      const entry = (held & NUMBER_MASK) - 1
      const base = entry * WORDS
      let difference = words[base]! ^ first
      for (let word = 1; word < DIGEST_WORDS; word++) {
        difference |= words[base + word]! ^ wanted[word]!
      }
      if (difference === 0) return entry
    }
  }

  /** The caller of an entry, if it is still valid; notes the use. */
  use(entry: number, nowMs: number): Caller | undefined {
    const base = entry * FLOATS
    if (nowMs >= this.floats[base + VALID_UNTIL]!) return undefined
    const agoMs = nowMs - this.floats[base + LAST_USED]!
    if (agoMs >= USE_GRAIN_MS) {
      this.floats[base + LAST_USED] = nowMs
      this.words[entry * WORDS + REFERENCED]! |= 1
    } else if (agoMs <= -USE_GRAIN_MS) return undefined // a clock that is set back must not prolong it
    return this.callers[entry]
  }

  /** When an entry was last used. */
  lastUsedMs(entry: number): number {
    return this.floats[entry * FLOATS + LAST_USED]!
  }

  /**
   * Stores a caller until `validUntilMs`, replacing an entry with the same digest. If a caller is read again unchanged,
   * the old object is kept: counters hold its id too, and a second copy of it would stay in memory for as long as they
   * do.
   *
   * @returns the caller that is held from now on
   */
  store(
    digest: Uint8Array,
    caller: Caller,
    dependencies: Dependencies,
    validUntilMs: number,
    nowMs: number,
  ): Caller {
    let entry = this.find(digest)
    const known = entry < 0 ? undefined : this.callers[entry]!
    const held = known !== undefined && isSameCaller(known, caller) ? known : caller
    if (entry < 0) {
      if (this.size >= this.capacity) this.evict()
      this.makeRoom()
      entry = this.size++
      this.wantedBytes.set(digest)
      this.words.set(this.wanted, entry * WORDS)
      this.writtenSeconds[entry] = 0
      this.link(entry)
    }
    this.callers[entry] = held
    this.floats[entry * FLOATS + VALID_UNTIL] = validUntilMs
    this.floats[entry * FLOATS + LAST_USED] = nowMs
    for (let at = 0; at < dependencies.length; at++) {
      this.words[entry * WORDS + FIRST_TAG + at] = tagOf(dependencies[at]!)
    }
    return held
  }

  /** Removes the entry with this digest, if there is one. */
  remove(digest: Uint8Array): void {
    const entry = this.find(digest)
    if (entry >= 0) this.removeEntry(entry)
  }

  /** Removes every entry that depends on `id` (and, once in 2³¹ times, one that does not, which is then read again). */
  removeDependent(id: string): void {
    const tag = tagOf(id)
    for (let entry = this.size - 1; entry >= 0; entry--) {
      if (this.dependsOn(entry, tag)) this.removeEntry(entry)
    }
  }

  /** Removes everything. */
  clear(): void {
    for (let entry = 0; entry < this.size; entry++) this.leave(entry)
    this.buckets.fill(0)
    this.callers.length = 0
    this.size = 0
    this.hand = 0
  }

  /**
   * Hands out uses that are due to be written, each once. It goes around the table from where it stopped the last time,
   * so that each entry gets its turn, however many are due.
   *
   * @param take returns whether the use must be written
   */
  takeDue(due: DueUses, take: (use: CredentialUse) => boolean): LookedThrough {
    const entriesMax = Math.min(due.entriesMax, this.size)
    let [entries, rows] = [0, 0]
    for (; entries < entriesMax && rows < due.rowsMax; entries++) {
      if (this.dueHand >= this.size) this.dueHand = 0
      const entry = this.dueHand++
      const isDue = due.nowMs - this.writtenSeconds[entry]! * USE_GRAIN_MS >= due.everyMs
      if (!isDue || !this.isUnwritten(entry)) continue
      const usedAtMs = this.lastUsedMs(entry)
      this.writtenSeconds[entry] = Math.floor(usedAtMs / USE_GRAIN_MS)
      if (take({ caller: this.callers[entry]!, usedAtMs })) rows++
    }
    return { entries, rows }
  }

  /** When the credentials with these ids were last used, for those in the table. */
  lastUses(ids: ReadonlySet<string>): Map<string, number> {
    const uses = new Map<string, number>()
    const tags = new Set([...ids].map(tagOf))
    // Most tags are in none of the sets, which a look at a few bits shows.
    const marks = new Uint8Array(MARKS)
    for (const tag of tags) marks[tag >>> MARK_SHIFT] = 1
    for (let entry = 0; entry < this.size; entry++) {
      const tag = this.words[entry * WORDS + FIRST_TAG]!
      if (marks[tag >>> MARK_SHIFT] === 0 || !tags.has(tag)) continue
      const { id } = this.callers[entry]!
      if (!ids.has(id)) continue
      uses.set(id, Math.max(uses.get(id) ?? 0, this.lastUsedMs(entry)))
    }
    return uses
  }

  /** Whether an entry was used after the use that was handed out last; uses within the same second count as one. */
  private isUnwritten(entry: number): boolean {
    return this.lastUsedMs(entry) >= (this.writtenSeconds[entry]! + 1) * USE_GRAIN_MS
  }

  private dependsOn(entry: number, tag: number): boolean {
    const base = entry * WORDS + FIRST_TAG
    const { words } = this
    return (
      words[base] === tag ||
      words[base + 1] === tag ||
      words[base + 2] === tag ||
      (words[base + 3]! & ~1) >>> 0 === tag
    )
  }

  private leave(entry: number): void {
    if (!this.isUnwritten(entry)) return
    this.onLeave({ caller: this.callers[entry]!, usedAtMs: this.lastUsedMs(entry) })
  }

  /** Puts an entry into the first free bucket, starting at its home. */
  private link(entry: number): void {
    const first = this.words[entry * WORDS]!
    let bucket = first & this.mask
    while (this.buckets[bucket] !== 0) bucket = (bucket + 1) & this.mask
    this.buckets[bucket] = ((first >>> NUMBER_BITS) << NUMBER_BITS) | (entry + 1)
  }

  private bucketOf(entry: number): number {
    let bucket = this.words[entry * WORDS]! & this.mask
    while ((this.buckets[bucket]! & NUMBER_MASK) !== entry + 1) bucket = (bucket + 1) & this.mask
    return bucket
  }

  /** Empties an entry's bucket and closes the gap in its cluster (Knuth 6.4, algorithm R). */
  private unlink(entry: number): void {
    const { buckets, mask, words } = this
    let hole = this.bucketOf(entry)
    for (let next = (hole + 1) & mask; buckets[next] !== 0; next = (next + 1) & mask) {
      const home = words[((buckets[next]! & NUMBER_MASK) - 1) * WORDS]! & mask
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      buckets[hole] = buckets[next]!
      hole = next
    }
    buckets[hole] = 0
  }

  /** Removes an entry; the last one takes its number. */
  private removeEntry(entry: number): void {
    this.leave(entry)
    this.unlink(entry)
    const last = --this.size
    if (entry !== last) {
      const bucket = this.bucketOf(last)
      this.buckets[bucket] = ((this.buckets[bucket]! & ~NUMBER_MASK) | (entry + 1)) >>> 0
      this.words.copyWithin(entry * WORDS, last * WORDS, (last + 1) * WORDS)
      this.writtenSeconds[entry] = this.writtenSeconds[last]!
      this.callers[entry] = this.callers[last]!
    }
    this.callers.length = last
  }

  private evict(): void {
    for (;;) {
      if (this.hand >= this.size) this.hand = 0
      const flags = this.hand * WORDS + REFERENCED
      if ((this.words[flags]! & 1) === 0) break
      this.words[flags]! &= ~1
      this.hand++
    }
    this.removeEntry(this.hand)
    this.evictions++
  }

  /** Makes room for one more entry. */
  private makeRoom(): void {
    if ((this.size + 1) * WORDS > this.words.length) {
      const { words } = this
      const buffer = new ArrayBuffer(words.length * 2 * 4)
      this.words = new Uint32Array(buffer)
      this.floats = new Float64Array(buffer)
      this.words.set(words)
      const { writtenSeconds } = this
      this.writtenSeconds = new Uint32Array(writtenSeconds.length * 2)
      this.writtenSeconds.set(writtenSeconds)
    }
    if (this.size + 1 <= this.buckets.length * FILL_MAX) return
    this.buckets = new Uint32Array(this.buckets.length * 2)
    this.mask = this.buckets.length - 1
    for (let entry = 0; entry < this.size; entry++) this.link(entry)
  }
}
