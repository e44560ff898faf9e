import type { Arena, ArenaTimes } from './arena.ts'
import { BUCKET, CALENDAR, CONCURRENCY, SLIDING, STRIDE, THIRD, TIME, USED } from './lanes.ts'
import type { LimitTable } from './limit-table.ts'

/**
 * Brings a slot up to now under the last shape of its table: drains buckets, moves windows, and carries use over to
 * another shape or kind. Returns the units used now.
 */
export function settle(arena: Arena, table: LimitTable, slot: number, times: ArenaTimes): number {
  switch (table.kind) {
    case BUCKET:
      return settleBucket(arena, table, slot, times)
    case CALENDAR:
      return settleCalendar(arena, table, slot, times)
    case CONCURRENCY:
      return settleConcurrency(arena, slot)
    default:
      return settleSliding(arena, table, slot, times)
  }
}

/** Adds units to a settled slot. */
export function add(
  { slots }: Arena,
  table: LimitTable,
  slot: number,
  cost: number,
  times: ArenaTimes,
): void {
  const { lanes } = slots
  const at = slot * STRIDE
  const used = lanes[at + USED]! + cost
  lanes[at + USED] = used
  if (slots.kind(slot) === BUCKET) lanes[at + THIRD] = emptyAt(table, used, times)
}

/** GCRA in its level form (ITU-T I.371 §A): the level sinks by one unit every `unitMs`. */
function settleBucket(arena: Arena, table: LimitTable, slot: number, times: ArenaTimes): number {
  const { slots } = arena
  const { lanes } = slots
  const at = slot * STRIDE
  let level: number
  if (slots.kind(slot) === BUCKET) level = drained(lanes, at, table, times)
  else {
    level = carriedOver(arena, slot, times)
    slots.setKind(slot, BUCKET)
  }
  fill(lanes, at, table, level, times)
  return level
}

/** The level of a bucket now. `at` is its first lane. */
export function drained(
  lanes: Float64Array,
  at: number,
  table: LimitTable,
  times: ArenaTimes,
): number {
  const level = lanes[at + USED]! - (times.steadyMs - lanes[at + TIME]!) / table.unitMs
  return level < 0 ? 0 : level
}

/** Sets a bucket to a level now. `at` is its first lane. */
export function fill(
  lanes: Float64Array,
  at: number,
  table: LimitTable,
  level: number,
  times: ArenaTimes,
): void {
  lanes[at + USED] = level
  lanes[at + TIME] = times.steadyMs
  lanes[at + THIRD] = emptyAt(table, level, times)
}

function emptyAt(table: LimitTable, level: number, times: ArenaTimes): number {
  return level === 0 ? times.steadyMs : times.steadyMs + level * table.unitMs
}

function settleConcurrency({ slots }: Arena, slot: number): number {
  const at = slot * STRIDE
  if (slots.kind(slot) !== CONCURRENCY) {
    slots.lanes[at + USED] = 0
    slots.setKind(slot, CONCURRENCY)
  }
  return slots.lanes[at + USED]!
}

function settleSliding(arena: Arena, table: LimitTable, slot: number, times: ArenaTimes): number {
  const { slots } = arena
  const { lanes } = slots
  const { windowMs } = table
  const at = slot * STRIDE
  const startMs = windowStart(table, times)
  if (slots.kind(slot) !== table.kind) {
    lanes[at + USED] = carriedOver(arena, slot, times)
    lanes[at + TIME] = startMs
    lanes[at + THIRD] = 0
    slots.setKind(slot, table.kind)
  } else if (lanes[at + TIME] !== startMs) {
    lanes[at + THIRD] = windowMs === startMs - lanes[at + TIME]! ? lanes[at + USED]! : 0
    lanes[at + USED] = 0
    lanes[at + TIME] = startMs
  }
  return weighed(lanes, at, table, times)
}

/** When the current sliding window began. */
export const windowStart = ({ windowMs }: LimitTable, { steadyMs }: ArenaTimes): number =>
  Math.floor(steadyMs / windowMs) * windowMs

/** The weighted use of a sliding window whose current part is up to date. `at` is its first lane. */
export function weighed(
  lanes: Float64Array,
  at: number,
  { windowMs }: LimitTable,
  { steadyMs }: ArenaTimes,
): number {
  const previous = lanes[at + THIRD]!
  if (previous === 0) return lanes[at + USED]!
  return lanes[at + USED]! + previous * (1 - (steadyMs - lanes[at + TIME]!) / windowMs)
}

/**
 * A window that has ended starts afresh. One that ends later than the current window keeps its use, because the clock
 * stepped back or the limit's window changed. The use then counts until the current window ends. Only after a step back
 * into the window just before does it keep its own end, so that going back and forth across the boundary never refunds.
 */
function settleCalendar(arena: Arena, table: LimitTable, slot: number, times: ArenaTimes): number {
  const { slots } = arena
  const { lanes } = slots
  const { window } = table
  const at = slot * STRIDE
  if (slots.kind(slot) !== CALENDAR) {
    lanes[at + USED] = carriedOver(arena, slot, times)
    lanes[at + TIME] = window.endMs
    lanes[at + THIRD] = 0
    slots.setKind(slot, CALENDAR)
    return lanes[at + USED]!
  }
  const endMs = lanes[at + TIME]!
  if (endMs === window.endMs) return lanes[at + USED]!
  const over = endMs <= times.wallMs
  if (over) lanes[at + USED] = 0
  if (over || endMs < window.endMs || endMs > 2 * window.endMs - window.startMs) {
    lanes[at + TIME] = window.endMs
    lanes[at + THIRD] = 0
  }
  return lanes[at + USED]!
}

/** What a slot of another kind or window length has used; requests in flight do not count as use. */
function carriedOver({ slots, lengths }: Arena, slot: number, times: ArenaTimes): number {
  const { lanes } = slots
  const at = slot * STRIDE
  const kind = slots.kind(slot)
  const used = lanes[at + USED]!
  if (kind === BUCKET) return used
  if (kind === CALENDAR) return lanes[at + TIME]! > times.wallMs ? used : 0
  if (kind < SLIDING) return 0
  const elapsed = (times.steadyMs - lanes[at + TIME]!) / lengths.lengthMs(kind)
  if (elapsed < 1) return used + lanes[at + THIRD]! * (1 - elapsed)
  return elapsed < 2 ? used * (2 - elapsed) : 0
}
