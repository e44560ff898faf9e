import type { Claim, SlotHint } from '../counters.ts'
import type { Arena, ArenaTimes } from './arena.ts'
import { EPSILON } from './claim-state.ts'
import { BUCKET, CALENDAR, CONCURRENCY, STRIDE, THIRD, TIME, USED } from './lanes.ts'
import type { LimitTable } from './limit-table.ts'
import { serialIn, slotIn } from './place.ts'
import { drained, fill, weighed, windowStart } from './settle.ts'
import type { Reservations } from './stored-use.ts'

/**
 * The fast path that most requests take: buckets, sliding windows and calendars of the subject that the hint names, all
 * of them where it says, current, and with room. Each counter is read once and written once. In any other case nothing
 * is taken, and the answer is false.
 *
 * @param tables the tables of the claims, if these are the same as in the previous take
 */
export function takeKnown(
  arena: Arena,
  tables: readonly LimitTable[],
  claims: readonly Claim[],
  hint: SlotHint,
  times: ArenaTimes,
  reservations: Reservations | undefined,
): boolean {
  if (hint.counterEra !== arena.era || tables.length < claims.length) return false
  const serial = serialIn(hint.counterPlace)
  if (serial === 0) return false
  let slot = slotIn(hint.counterPlace)
  const { lanes } = arena.slots
  for (let at = 0; at < claims.length; at++) {
    const claim = claims[at]!
    const table = tables[at]!
    if (claim.subject !== hint.id || !(claim.cost > 0)) return false
    if (!table.isReady(claim, times.wallMs)) return false
    for (let before = 0; before < at; before++) if (tables[before] === table) return false
    slot = arena.findSerial(table, serial, slot)
    if (slot < 0 || arena.slots.kind(slot) !== table.kind) return false
    const used = usedNow(lanes, slot * STRIDE, table, times)
    table.slot = slot
    table.wanted = used + claim.cost
    if (used < 0 || table.wanted > table.capacity + EPSILON) return false
    if (reservations === undefined || table.kind !== CALENDAR) continue
    if (table.wanted > lanes[slot * STRIDE + THIRD]!) return false
  }
  for (let at = 0; at < claims.length; at++) {
    const table = tables[at]!
    const lane = table.slot * STRIDE
    if (table.kind === BUCKET) {
      fill(lanes, lane, table, table.wanted, times)
      continue
    }
    const used = lanes[lane + USED]! + claims[at]!.cost
    lanes[lane + USED] = used
    if (reservations === undefined || table.kind !== CALENDAR) continue
    reservations.used(claims[at]!, lanes[lane + THIRD]! - used, times.wallMs)
  }
  return true
}

/** Units used now; -1 if the counter must be settled first. */
function usedNow(lanes: Float64Array, at: number, table: LimitTable, times: ArenaTimes): number {
  if (table.kind === BUCKET) return drained(lanes, at, table, times)
  if (table.kind === CALENDAR) {
    return lanes[at + TIME] === table.window.endMs ? lanes[at + USED]! : -1
  }
  if (table.kind === CONCURRENCY || lanes[at + TIME] !== windowStart(table, times)) return -1
  return weighed(lanes, at, table, times)
}
