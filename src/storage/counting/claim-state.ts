import type { ClaimState } from '../counters.ts'
import type { ArenaTimes } from './arena.ts'
import { BUCKET, CALENDAR, CONCURRENCY, STRIDE, THIRD, TIME, USED } from './lanes.ts'
import type { LimitTable } from './limit-table.ts'

/** `retryMs` if all places are taken: there is no telling when one will be given back. */
const CONCURRENCY_RETRY_MS = 1000

/** Rounding of the drained level must not cost a unit. */
export const EPSILON = 1e-9

/** The state to report of a counter that has `used` units. `at` is its first lane; -1 if untouched. */
export function claimState(
  table: LimitTable,
  lanes: Float64Array,
  slot: number,
  used: number,
  cost: number,
  exceeded: boolean,
  times: ArenaTimes,
): ClaimState {
  const free = table.capacity - used + EPSILON
  return {
    limit: table.limit,
    remaining: free > 0 ? Math.floor(free) : 0,
    resetMs: resetMs(table, lanes, slot, used, times),
    retryMs: cost <= free ? 0 : retryMs(table, lanes, slot, used, cost, times),
    exceeded,
  }
}

function resetMs(
  table: LimitTable,
  lanes: Float64Array,
  slot: number,
  used: number,
  times: ArenaTimes,
): number {
  switch (table.kind) {
    case BUCKET:
      return used === 0 ? 0 : Math.ceil(used * table.unitMs)
    case CALENDAR:
      return (slot < 0 ? table.window.endMs : lanes[slot * STRIDE + TIME]!) - times.wallMs
    case CONCURRENCY:
      return 0
    default:
      return table.windowMs - (times.steadyMs % table.windowMs)
  }
}

function retryMs(
  table: LimitTable,
  lanes: Float64Array,
  slot: number,
  used: number,
  cost: number,
  times: ArenaTimes,
): number {
  if (cost > table.capacity + EPSILON) return Infinity
  if (table.kind === CONCURRENCY) return CONCURRENCY_RETRY_MS
  if (table.kind === CALENDAR) return resetMs(table, lanes, slot, used, times)
  if (table.kind === BUCKET) return Math.ceil((used + cost - table.capacity) * table.unitMs)
  return Math.ceil(slidingRetryMs(table, lanes, slot * STRIDE, cost, times))
}

/** Solves previous × (1 − elapsed) + current + cost = limit for the time, in this window or the next. */
function slidingRetryMs(
  table: LimitTable,
  lanes: Float64Array,
  at: number,
  cost: number,
  times: ArenaTimes,
): number {
  const { windowMs, capacity } = table
  const current = lanes[at + USED]!
  const previous = lanes[at + THIRD]!
  const elapsedMs = times.steadyMs - lanes[at + TIME]!
  const free = capacity - cost
  if (current <= free) return windowMs * (1 - (free - current) / previous) - elapsedMs
  return windowMs - elapsedMs + windowMs * (1 - free / current)
}
