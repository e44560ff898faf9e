import { STRIDE, TAG, TAG_CALENDAR, TAG_CONCURRENCY, TAG_FREE, THIRD, TIME, USED } from './lanes.ts'
import type { LimitTable } from './limit-table.ts'

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
 * All counters of a process in one typed array. At most `entriesMax` are kept: each new one sweeps a
 * few old ones and frees those that are as if untouched (and, while there is room, have been for a while); when none is, the least used of a sample
 * goes. What is evicted starts anew, so the bound errs towards admitting, and least for heavy users.
 * Requests in flight are never evicted; they are bounded by the connections that hold them.
 */
export class Arena {
  lanes = new Float64Array(SLOTS_MIN * STRIDE)
  readonly #entriesMax: number
  readonly #subjects: string[] = []
  readonly #tables: LimitTable[] = []
  readonly #free: number[] = []
  #hand = 0

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  /** Counters kept now. */
  get size(): number {
    return this.#subjects.length - this.#free.length
  }

  /** A new zeroed slot for `subject`; the slots in `busy` are not evicted to make room. */
  allocate(table: LimitTable, subject: string, times: ArenaTimes, busy: Int32Array): number {
    this.#sweep(times, busy)
    if (this.size >= this.#entriesMax) this.#evict(busy)
    const slot = this.#free.pop() ?? this.#subjects.length
    if ((slot + 1) * STRIDE > this.lanes.length) this.#grow()
    this.#subjects[slot] = subject
    this.#tables[slot] = table
    table.slots.set(subject, slot)
    return slot
  }

  /** Gives a slot back. */
  release(slot: number): void {
    this.#tables[slot]!.slots.delete(this.#subjects[slot]!)
    this.#subjects[slot] = ''
    this.lanes.fill(0, slot * STRIDE, (slot + 1) * STRIDE)
    this.#free.push(slot)
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
      const share = units / this.#tables[slot]!.capacity
      if (share < least) {
        least = share
        victim = slot
      }
    }
    if (victim >= 0) this.release(victim)
  }

  #advance(): number {
    const count = this.#subjects.length
    if (count === 0) return -1
    this.#hand = this.#hand + 1 < count ? this.#hand + 1 : 0
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
