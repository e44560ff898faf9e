import {
  BUCKET,
  CALENDAR,
  CONCURRENCY,
  LIMITS_MAX,
  SLIDING,
  STRIDE,
  THIRD,
  TIME,
  USED,
} from './lanes.ts'
import type { LimitTable } from './limit-table.ts'
import { SlotIndex, SLOTS_MAX } from './slot-index.ts'
import { Slots } from './slots.ts'
import { WindowLengths } from './window-lengths.ts'

const SLOTS_MIN = 1024
/** How many slots are checked for each new one; idle ones among them are freed. */
const SWEEP = 2
/** Empty buckets are kept this long while there is room, because most are soon needed again. */
const EMPTY_KEPT_MS = 60_000
/** How many slots are compared if none is idle and the arena is full. */
const SAMPLE = 16

/** The current times of the wall clock and of the clock that never goes back. */
export interface ArenaTimes {
  wallMs: number
  steadyMs: number
}

/**
 * All counters of a process in typed arrays. At most `entriesMax` are kept: each new one checks a few old ones and
 * frees those that are equal to new ones (and, while there is room, have been so for a while). If there are none, the
 * least used of a sample is evicted. An evicted counter starts afresh, so the bound errs toward admitting, and least
 * for heavy users. Requests in flight are never evicted; they are bounded by the connections that hold them.
 */
export class Arena {
  readonly slots = new Slots(SLOTS_MIN)
  readonly lengths = new WindowLengths()
  readonly #entriesMax: number
  readonly #index: SlotIndex
  /** The tables by their numbers. */
  readonly #tables: LimitTable[] = []
  readonly #free: number[] = []
  /** The number of slots ever used; those in use and the free ones are below it. */
  #count = 0
  #hand = 0

  /** @param serialsMax passed to {@link SlotIndex} */
  constructor(entriesMax: number, seed: number, serialsMax?: number) {
    this.#entriesMax = Math.min(entriesMax, SLOTS_MAX)
    this.#index = new SlotIndex(this.slots, seed, serialsMax)
  }

  /** The number of counters kept now. */
  get size(): number {
    return this.#index.size
  }

  /** The era that serials belong to; see {@link SlotIndex.era}. */
  get era(): object {
    return this.#index.era
  }

  /**
   * Adds a table; returns its number.
   *
   * @throws RangeError beyond 262,144 names of limits
   */
  adopt(table: LimitTable): number {
    if (this.#tables.length >= LIMITS_MAX) throw new RangeError('too many names of limits')
    return this.#tables.push(table) - 1
  }

  /**
   * The slot of a subject, or -1.
   *
   * @param near a slot that it may be, or be next to; -1 for none
   * @param serial the subject's serial in this era; 0 when not known
   */
  find(table: LimitTable, subject: string, near = -1, serial = 0): number {
    if (near >= 0) {
      const found =
        serial === 0
          ? this.#index.findNear(table.number, subject, near)
          : this.findSerial(table, serial, near)
      if (found >= 0) return found
    }
    return this.#index.find(table.number, subject)
  }

  /** {@link SlotIndex.findSerial}. */
  findSerial(table: LimitTable, serial: number, near: number): number {
    return this.#index.findSerial(table.number, serial, near)
  }

  /** The serial of a used slot's subject in this era. */
  serial(slot: number): number {
    return this.#index.serial(slot)
  }

  /** A new zeroed slot for `subject`; the slots in `busy` are not evicted to make room. */
  allocate(table: LimitTable, subject: string, times: ArenaTimes, busy: Int32Array): number {
    this.#sweep(times, busy)
    if (this.size >= this.#entriesMax) this.#evict(busy)
    const slot = this.#free.pop() ?? this.#count++
    this.#index.link(slot, table.number, subject)
    return slot
  }

  /** Gives a slot back. */
  release(slot: number): void {
    this.#index.unlink(slot)
    this.#free.push(slot)
  }

  /** Every slot in use, with its table and subject. */
  *inUse(): Generator<{
    readonly slot: number
    readonly table: LimitTable
    readonly subject: string
  }> {
    for (let slot = 0; slot < this.#count; slot++) {
      if (this.serial(slot) === 0) continue
      yield { slot, table: this.#tableOf(slot), subject: this.#index.subject(slot) }
    }
  }

  #tableOf(slot: number): LimitTable {
    return this.#tables[this.#index.limit(slot)]!
  }

  #sweep(times: ArenaTimes, busy: Int32Array): void {
    for (let step = 0; step < SWEEP; step++) {
      const slot = this.#advance()
      if (slot >= 0 && this.#idle(slot, times) && !busy.includes(slot)) this.release(slot)
    }
  }

  #evict(busy: Int32Array): void {
    const { lanes } = this.slots
    let victim = -1
    let least = Infinity
    for (let step = 0; step < SAMPLE; step++) {
      const slot = this.#advance()
      if (slot < 0 || this.serial(slot) === 0 || busy.includes(slot)) continue
      const kind = this.slots.kind(slot)
      if (kind === CONCURRENCY) continue
      const at = slot * STRIDE
      const units = lanes[at + USED]! + (kind >= SLIDING ? lanes[at + THIRD]! : 0)
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

  /** Whether a slot is in use and equal to a new one by now. */
  #idle(slot: number, times: ArenaTimes): boolean {
    if (this.serial(slot) === 0) return false
    const { lanes } = this.slots
    const at = slot * STRIDE
    const kind = this.slots.kind(slot)
    if (kind === CALENDAR) return times.wallMs >= lanes[at + TIME]!
    if (kind === CONCURRENCY) return lanes[at + USED]! <= 0
    if (kind !== BUCKET)
      return times.steadyMs >= lanes[at + TIME]! + 2 * this.lengths.lengthMs(kind)
    const keptMs = 2 * this.size < this.#entriesMax ? EMPTY_KEPT_MS : 0
    return times.steadyMs >= lanes[at + THIRD]! + keptMs
  }
}
