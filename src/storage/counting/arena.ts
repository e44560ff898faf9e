import { STRIDE, TAG, TAG_CALENDAR, TAG_CONCURRENCY, TAG_FREE, THIRD, TIME, USED } from './lanes.ts'
import type { LimitTable } from './limit-table.ts'
import { SlotIndex, SLOTS_MAX } from './slot-index.ts'

const SLOTS_MIN = 1024
/** Slots looked at for each new one: idle ones among them are freed. */
const SWEEP = 2
/** Empty buckets are kept this long while there is room: most are asked for again soon. */
const EMPTY_KEPT_MS = 60_000
/** Slots compared when none is idle and the arena is full. */
const SAMPLE = 16

/** Times an arena compares against: of the wall clock, and of the clock that never goes back. */
export interface ArenaTimes {
  wallMs: number
  steadyMs: number
}

/**
 * All counters of a process in typed arrays. At most `entriesMax` are kept: each new one sweeps a
 * few old ones and frees those that are as if untouched (and, while there is room, have been for a while); when none is, the least used of a sample
 * goes. What is evicted starts anew, so the bound errs towards admitting, and least for heavy users.
 * Requests in flight are never evicted; they are bounded by the connections that hold them.
 */
export class Arena {
  lanes = new Float64Array(SLOTS_MIN * STRIDE)
  readonly #entriesMax: number
  readonly #index: SlotIndex
  /** The tables by their numbers. */
  readonly #tables: LimitTable[] = []
  readonly #free: number[] = []
  /** Slots ever used: below it lie those in use and the free ones. */
  #count = 0
  #hand = 0

  constructor(entriesMax: number, seed: number) {
    this.#entriesMax = Math.min(entriesMax, SLOTS_MAX)
    this.#index = new SlotIndex(seed)
  }

  /** Counters kept now. */
  get size(): number {
    return this.#index.size
  }

  /** Takes in a table; returns its number. */
  adopt(table: LimitTable): number {
    return this.#tables.push(table) - 1
  }

  /**
   * The slot of a subject, or -1.
   *
   * @param near a slot that it may be, or be next to; -1 for none
   */
  find(table: LimitTable, subject: string, near = -1): number {
    const found = this.#index.findNear(table.number, subject, near)
    return found < 0 ? this.#index.find(table.number, subject) : found
  }

  /** A new zeroed slot for `subject`; the slots in `busy` are not evicted to make room. */
  allocate(table: LimitTable, subject: string, times: ArenaTimes, busy: Int32Array): number {
    this.#sweep(times, busy)
    if (this.size >= this.#entriesMax) this.#evict(busy)
    const slot = this.#free.pop() ?? this.#count++
    if ((slot + 1) * STRIDE > this.lanes.length) this.#grow()
    this.#index.link(slot, table.number, subject)
    return slot
  }

  /** Gives a slot back. */
  release(slot: number): void {
    this.#index.unlink(slot)
    this.lanes.fill(0, slot * STRIDE, (slot + 1) * STRIDE)
    this.#free.push(slot)
  }

  /** Every slot in use, with its table and subject. */
  *slots(): Generator<{
    readonly slot: number
    readonly table: LimitTable
    readonly subject: string
  }> {
    for (let slot = 0; slot < this.#count; slot++) {
      if (this.lanes[slot * STRIDE + TAG] === TAG_FREE) continue
      yield { slot, table: this.#tableOf(slot), subject: this.#index.subject(slot) }
    }
  }

  #tableOf(slot: number): LimitTable {
    return this.#tables[this.#index.limit(slot)]!
  }

  #grow(): void {
    const grown = new Float64Array(this.lanes.length * 2)
    grown.set(this.lanes)
    this.lanes = grown
  }

  #sweep(times: ArenaTimes, busy: Int32Array): void {
    for (let step = 0; step < SWEEP; step++) {
      const slot = this.#advance()
      if (slot >= 0 && this.#idle(slot * STRIDE, times) && !busy.includes(slot)) this.release(slot)
    }
  }

  #evict(busy: Int32Array): void {
    let victim = -1
    let least = Infinity
    for (let step = 0; step < SAMPLE; step++) {
      const slot = this.#advance()
      const at = slot * STRIDE
      const tag = slot < 0 ? TAG_FREE : this.lanes[at + TAG]!
      if (tag === TAG_FREE || tag === TAG_CONCURRENCY || busy.includes(slot)) continue
      const units = this.lanes[at + USED]! + (tag > 0 ? this.lanes[at + THIRD]! : 0)
      const share = units / this.#tableOf(slot).capacity
      if (share < least) {
        least = share
        victim = slot
      }
    }
    if (victim >= 0) this.release(victim)
  }

  #advance(): number {
    if (this.#count === 0) return -1
    this.#hand = this.#hand + 1 < this.#count ? this.#hand + 1 : 0
    return this.#hand
  }

  /** Whether a used slot is equal to a new one by now. */
  #idle(at: number, times: ArenaTimes): boolean {
    const tag = this.lanes[at + TAG]!
    if (tag === TAG_FREE) return false
    if (tag > 0) return times.steadyMs >= this.lanes[at + TIME]! + 2 * tag
    if (tag === TAG_CALENDAR) return times.wallMs >= this.lanes[at + TIME]!
    if (tag === TAG_CONCURRENCY) return this.lanes[at + USED]! <= 0
    const keptMs = 2 * this.size < this.#entriesMax ? EMPTY_KEPT_MS : 0
    return times.steadyMs >= this.lanes[at + THIRD]! + keptMs
  }
}
