import type { Claim, ClaimState, SlotHint, TakeOutcome } from '../counters.ts'
import { GRANTED } from '../counters.ts'
import { Arena } from './arena.ts'
import { claimState, EPSILON } from './claim-state.ts'
import { CALENDAR, CONCURRENCY, STRIDE, THIRD, TIME, USED, WORDS } from './lanes.ts'
import { takeKnown } from './known-take.ts'
import { LimitTable } from './limit-table.ts'
import { placeOf, serialIn, slotIn } from './place.ts'
import { add, settle } from './settle.ts'
import type { CalendarUse, Reservations, StoredUse } from './stored-use.ts'

/** Clocks of processes that share counters differ a little; a step back beyond this is a real one. */
const JITTER_MS = 1000

const NONE = -1

/**
 * Decides claims against the arena, synchronously. If calendars are kept on disk and one must be reserved first,
 * {@link take} takes nothing and returns its claim.
 */
export class CounterEngine {
  readonly #arena: Arena
  readonly #reservations: Reservations | undefined
  readonly #tables = new Map<string, LimitTable>()
  readonly #times = { wallMs: 0, steadyMs: 0 }
  #skewMs = 0
  // Reused between calls, which never overlap: one entry for each claim of the current call.
  #asked: LimitTable[] = []
  #slots = new Int32Array(0)
  #used = new Float64Array(0)
  /** Whether claims of the current call share a table, whose shape may have to change between them. */
  #isShared = false

  /**
   * @param seed the seed for hashes of subjects: a random number that callers do not know
   * @param serialsMax passed to {@link SlotIndex}
   */
  constructor(
    entriesMax: number,
    reservations: Reservations | undefined,
    seed = 0,
    serialsMax?: number,
  ) {
    this.#arena = new Arena(entriesMax, seed, serialsMax)
    this.#reservations = reservations
  }

  /** The number of counters in memory. */
  get size(): number {
    return this.#arena.size
  }

  /** The outcome, or the claim that must be loaded or reserved on disk before anything is taken. */
  take(
    claims: readonly Claim[],
    nowMs: number,
    brief = false,
    hint?: SlotHint,
  ): TakeOutcome | Claim {
    this.#tick(nowMs)
    if (
      brief &&
      hint !== undefined &&
      takeKnown(this.#arena, this.#asked, claims, hint, this.#times, this.#reservations)
    ) {
      return GRANTED
    }
    this.#prepare(claims.length)
    // From the hint, later from the previous claim: a subject, its serial, and a slot to look at.
    const isKnown = hint !== undefined && hint.counterEra === this.#arena.era
    let near = isKnown ? slotIn(hint.counterPlace) : NONE
    let serial = isKnown ? serialIn(hint.counterPlace) : 0
    let subject = isKnown ? hint.id : ''
    let granted = true
    for (let at = 0; at < claims.length; at++) {
      const claim = claims[at]!
      if (!(claim.cost >= 0)) throw new RangeError('the cost of a claim must not be negative')
      if (!this.#look(claims, at, near, claim.subject === subject ? serial : 0)) return claim
      near = this.#slots[at]!
      serial = near === NONE ? 0 : this.#arena.serial(near)
      subject = claim.subject
      const wanted = this.#used[at]! + claim.cost
      if (!claim.shadow && wanted > this.#asked[at]!.capacity + EPSILON) granted = false
    }
    if (granted && this.#reservations !== undefined) {
      for (let at = 0; at < claims.length; at++) {
        if (this.#unreserved(claims[at]!, at)) return claims[at]!
      }
    }
    if (brief && granted) {
      for (let at = 0; at < claims.length; at++) this.#add(claims[at]!, at)
      if (hint !== undefined) this.#keep(hint, claims)
      return GRANTED
    }
    const states: ClaimState[] = []
    for (let at = 0; at < claims.length; at++) states.push(this.#apply(claims[at]!, at, granted))
    if (hint !== undefined) this.#keep(hint, claims)
    return { granted, states }
  }

  /** The state without taking anything, or the claim itself if it must be loaded from disk first. */
  peek(claim: Claim, nowMs: number): ClaimState | Claim {
    this.#tick(nowMs)
    this.#prepare(1)
    const at = this.#slotOf(claim.name, claim.subject) * WORDS
    const { words } = this.#arena.slots
    const before = at < 0 ? undefined : words.slice(at, at + WORDS)
    const state = this.#look([claim], 0, NONE, 0) ? this.#apply(claim, 0, false) : claim
    // The caller may use another rate than the one in force, by which nothing must drain.
    if (before !== undefined) words.set(before, at)
    return state
  }

  /** Gives back what concurrency claims took. */
  release(claims: readonly Claim[]): void {
    const { slots } = this.#arena
    const { lanes } = slots
    for (const claim of claims) {
      const slot = this.#slotOf(claim.name, claim.subject)
      if (slot === NONE || claim.shape.kind !== 'concurrency') continue
      if (slots.kind(slot) !== CONCURRENCY) continue
      const left = lanes[slot * STRIDE + USED]! - claim.cost
      if (left > EPSILON) lanes[slot * STRIDE + USED] = left
      else this.#arena.release(slot)
    }
  }

  reset(name: string, subject: string): void {
    const slot = this.#slotOf(name, subject)
    if (slot !== NONE) this.#arena.release(slot)
  }

  /** What a calendar has used up to now; `undefined` if it is not in memory. */
  calendarUse(claim: Claim, nowMs: number): CalendarUse | undefined {
    this.#tick(nowMs)
    this.#prepare(1)
    if (!this.#look([claim], 0, NONE, 0)) return undefined
    return this.#calendarUse(this.#slots[0]!)
  }

  /**
   * Puts a calendar in memory as it was on disk; nothing is reserved for it yet.
   *
   * @param beside the other claims of the same take: missing counters of the same subject are made now, so that they
   * are neighbors and share a cache line
   */
  load(
    claim: Claim,
    stored: StoredUse | undefined,
    nowMs: number,
    beside: readonly Claim[],
  ): CalendarUse {
    this.#tick(nowMs)
    this.#prepare(1)
    const table = this.#table(claim.name)
    table.use(claim.shape, nowMs)
    const slot = this.#allocate(table, claim.subject)
    const lane = slot * STRIDE
    if (stored !== undefined && stored.endMs > nowMs) {
      const { lanes } = this.#arena.slots
      lanes[lane + USED] = stored.used
      lanes[lane + TIME] = stored.endMs
      settle(this.#arena, table, slot, this.#times)
    }
    this.#slots[0] = slot
    for (const other of beside) if (other.subject === claim.subject) this.#settleIn(other, nowMs)
    return this.#calendarUse(slot)!
  }

  /** Records that `reserved` units of the window that ends at `endMs` are on disk. */
  reserve(claim: Claim, reserved: number, endMs: number): void {
    const slot = this.#slotOf(claim.name, claim.subject)
    if (slot === NONE || this.#arena.slots.kind(slot) !== CALENDAR) return
    const { lanes } = this.#arena.slots
    if (lanes[slot * STRIDE + TIME] === endMs) lanes[slot * STRIDE + THIRD] = reserved
  }

  /** Every calendar that has used less than is reserved for it. */
  *unspent(): Generator<CalendarUse & { readonly name: string; readonly subject: string }> {
    for (const { slot, table, subject } of this.#arena.inUse()) {
      const use = this.#calendarUse(slot)
      if (use !== undefined && use.used < use.reserved) yield { ...use, name: table.name, subject }
    }
  }

  /** Advances a time that passes even if the wall clock is set back, and that jitter does not speed up. */
  #tick(nowMs: number): void {
    const times = this.#times
    times.wallMs = nowMs
    const steadyMs = nowMs + this.#skewMs
    if (steadyMs >= times.steadyMs) times.steadyMs = steadyMs
    else if (times.steadyMs - steadyMs > JITTER_MS) this.#skewMs += times.steadyMs - steadyMs
  }

  #prepare(count: number): void {
    this.#isShared = false
    if (this.#slots.length < count) {
      this.#slots = new Int32Array(count)
      this.#used = new Float64Array(count)
    }
  }

  #table(name: string): LimitTable {
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = new LimitTable(name, this.#arena)
      this.#tables.set(name, table)
    }
    return table
  }

  #slotOf(name: string, subject: string): number {
    const table = this.#tables.get(name)
    return table === undefined ? NONE : this.#arena.find(table, subject)
  }

  #allocate(table: LimitTable, subject: string): number {
    const slot = this.#arena.allocate(table, subject, this.#times, this.#slots)
    settle(this.#arena, table, slot, this.#times)
    return slot
  }

  /** Makes the counter of a claim whose units are not kept on disk, unless it exists. */
  #settleIn(claim: Claim, nowMs: number): void {
    if (claim.shape.kind === 'calendar' || claim.shape.kind === 'concurrency') return
    const table = this.#table(claim.name)
    table.use(claim.shape, nowMs)
    if (this.#arena.find(table, claim.subject) === NONE) this.#allocate(table, claim.subject)
  }

  #keep(hint: SlotHint, claims: readonly Claim[]): void {
    const slot = this.#slots[0]!
    // A serial is kept only for the subject that the hint names.
    const isOwn = slot !== NONE && claims[0]!.subject === hint.id
    const place = placeOf(slot, isOwn ? this.#arena.serial(slot) : 0)
    if (hint.counterPlace !== place) hint.counterPlace = place
    if (hint.counterEra !== this.#arena.era) hint.counterEra = this.#arena.era
  }

  /**
   * Records the table, slot and units used of a claim; false if it must be loaded from disk.
   *
   * @param near a slot that may be its own, or next to it
   * @param serial of its subject; 0 if not known
   */
  #look(claims: readonly Claim[], at: number, near: number, serial: number): boolean {
    const claim = claims[at]!
    // Most requests make the same claims as the one before, in the same order.
    const last = this.#asked[at]
    const table = last?.name === claim.name ? last : this.#table(claim.name)
    table.use(claim.shape, this.#times.wallMs)
    const slot = this.#arena.find(table, claim.subject, near, serial)
    if (last !== table) this.#asked[at] = table
    this.#slots[at] = slot
    if (slot === NONE && table.kind === CALENDAR && this.#reservations !== undefined) {
      return false
    }
    let used = slot === NONE ? 0 : settle(this.#arena, table, slot, this.#times)
    for (let before = 0; before < at; before++) {
      if (this.#asked[before] !== table) continue
      this.#isShared = true
      if (claims[before]!.subject === claim.subject) used += claims[before]!.cost
    }
    this.#used[at] = used
    return true
  }

  /** Whether a calendar claim would use more than is reserved on disk; reserves ahead if little is left. */
  #unreserved(claim: Claim, at: number): boolean {
    const table = this.#asked[at]!
    const { slots } = this.#arena
    const slot = this.#slots[at]!
    if (slot === NONE || slots.kind(slot) !== CALENDAR) return false
    const wanted = this.#used[at]! + claim.cost
    if (claim.cost === 0 || wanted > table.capacity + EPSILON) return false
    const left = slots.lanes[slot * STRIDE + THIRD]! - wanted
    if (left < 0) return true
    this.#reservations!.used(claim, left, this.#times.wallMs)
    return false
  }

  #apply(claim: Claim, at: number, granted: boolean): ClaimState {
    const table = this.#asked[at]!
    const { cost } = claim
    const before = this.#used[at]!
    const used = granted && this.#add(claim, at) ? before + cost : before
    if (this.#isShared) table.use(claim.shape, this.#times.wallMs)
    const exceeded = before + cost > table.capacity + EPSILON
    const { lanes } = this.#arena.slots
    return claimState(table, lanes, this.#slots[at]!, used, cost, exceeded, this.#times)
  }

  /** Takes the units of a granted claim, if it fits; requests in flight are counted either way. */
  #add(claim: Claim, at: number): boolean {
    const table = this.#asked[at]!
    const { cost } = claim
    if (this.#isShared) table.use(claim.shape, this.#times.wallMs)
    if (cost === 0) return false
    const exceeded = this.#used[at]! + cost > table.capacity + EPSILON
    if (exceeded && table.kind !== CONCURRENCY) return false
    if (this.#slots[at] === NONE) {
      const found = this.#arena.find(table, claim.subject)
      this.#slots[at] = found === NONE ? this.#allocate(table, claim.subject) : found
    }
    add(this.#arena, table, this.#slots[at]!, cost, this.#times)
    return true
  }

  #calendarUse(slot: number): CalendarUse | undefined {
    const { slots } = this.#arena
    if (slot === NONE || slots.kind(slot) !== CALENDAR) return undefined
    const { lanes } = slots
    const lane = slot * STRIDE
    return { used: lanes[lane + USED]!, endMs: lanes[lane + TIME]!, reserved: lanes[lane + THIRD]! }
  }
}
