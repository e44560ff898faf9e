import type { Arena, ArenaTimes } from './arena.ts'
import {
  STRIDE,
  TAG,
  TAG_BUCKET,
  TAG_CALENDAR,
  TAG_CONCURRENCY,
  THIRD,
  TIME,
  USED,
} from './lanes.ts'
import type { LimitTable } from './limit-table.ts'

/**
 * Brings a slot to now under the shape its table was last asked with: drains buckets, moves windows,
 * carries what was used over to another shape or kind. Returns the units used now.
 */
export function settle(arena: Arena, table: LimitTable, slot: number, times: ArenaTimes): number {
  const { lanes } = arena
  const at = slot * STRIDE
  switch (table.kind) {
    case TAG_BUCKET:
      return settleBucket(lanes, at, table, times)
    case TAG_CALENDAR:
      return settleCalendar(lanes, at, table, times)
    case TAG_CONCURRENCY:
      if (lanes[at + TAG] !== TAG_CONCURRENCY) {
        lanes[at + USED] = 0
        lanes[at + TAG] = TAG_CONCURRENCY
      }
      return lanes[at + USED]!
    default:
      return settleSliding(lanes, at, table, times)
  }
}

/** Adds to what a settled slot has used. */
export function add(
  arena: Arena,
  table: LimitTable,
  slot: number,
  cost: number,
  times: ArenaTimes,
): void {
  const at = slot * STRIDE
  const used = arena.lanes[at + USED]! + cost
  arena.lanes[at + USED] = used
  if (arena.lanes[at + TAG] === TAG_BUCKET) arena.lanes[at + THIRD] = emptyAt(table, used, times)
}

/** GCRA in its level form (ITU-T I.371 §A): the level sinks by one unit every `unitMs`. */
function settleBucket(
  lanes: Float64Array,
  at: number,
  table: LimitTable,
  times: ArenaTimes,
): number {
  let level = lanes[at + USED]!
  if (lanes[at + TAG] === TAG_BUCKET) {
    level -= (times.steadyMs - lanes[at + TIME]!) / table.unitMs
    if (level < 0) level = 0
  } else {
    level = carriedOver(lanes, at, times)
    lanes[at + TAG] = TAG_BUCKET
  }
  lanes[at + USED] = level
  lanes[at + TIME] = times.steadyMs
  lanes[at + THIRD] = emptyAt(table, level, times)
  return level
}

function emptyAt(table: LimitTable, level: number, times: ArenaTimes): number {
  return level === 0 ? times.steadyMs : times.steadyMs + level * table.unitMs
}

function settleSliding(
  lanes: Float64Array,
  at: number,
  table: LimitTable,
  times: ArenaTimes,
): number {
  const { windowMs } = table
  const startMs = Math.floor(times.steadyMs / windowMs) * windowMs
  if (lanes[at + TAG] !== windowMs) {
    lanes[at + USED] = carriedOver(lanes, at, times)
    lanes[at + TIME] = startMs
    lanes[at + THIRD] = 0
    lanes[at + TAG] = windowMs
  } else if (lanes[at + TIME] !== startMs) {
    lanes[at + THIRD] = windowMs === startMs - lanes[at + TIME]! ? lanes[at + USED]! : 0
    lanes[at + USED] = 0
    lanes[at + TIME] = startMs
  }
  const previous = lanes[at + THIRD]!
  if (previous === 0) return lanes[at + USED]!
  return lanes[at + USED]! + previous * (1 - (times.steadyMs - startMs) / windowMs)
}

/**
 * A window that ended starts anew. One that ends later than the current window keeps what was used:
 * the clock stepped back, or the limit's window changed. Then the use counts until the current window
 * ends; only after a step back into the window just before does it keep its own end, so that going
 * back and forth across the boundary never refunds.
 */
function settleCalendar(
  lanes: Float64Array,
  at: number,
  table: LimitTable,
  times: ArenaTimes,
): number {
  const { window } = table
  if (lanes[at + TAG] !== TAG_CALENDAR) {
    lanes[at + USED] = carriedOver(lanes, at, times)
    lanes[at + TIME] = window.endMs
    lanes[at + THIRD] = 0
    lanes[at + TAG] = TAG_CALENDAR
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

/** What a slot of another kind or window length had used; requests in flight are not use. */
function carriedOver(lanes: Float64Array, at: number, times: ArenaTimes): number {
  const tag = lanes[at + TAG]!
  const used = lanes[at + USED]!
  if (tag === TAG_BUCKET) return used
  if (tag === TAG_CALENDAR) return lanes[at + TIME]! > times.wallMs ? used : 0
  if (tag <= 0) return 0
  const elapsed = (times.steadyMs - lanes[at + TIME]!) / tag
  if (elapsed < 1) return used + lanes[at + THIRD]! * (1 - elapsed)
  return elapsed < 2 ? used * (2 - elapsed) : 0
}
