import { fromUtf8 } from '../../core/bytes.ts'
import type { Invalidation } from '../contract.ts'
import type { PositionTable } from '../levels/position-table.ts'
import type { EntryIndex } from './entry-index.ts'
import { FRAME } from './frame.ts'
import type { FoundFrame, Segment } from './segment.ts'
import { listSegments, openSegment, scanSegment } from './segment.ts'

/** What was found in a folder. */
export interface Replayed {
  readonly segments: readonly Segment[]
  /** The highest position and serial that were used. */
  readonly position: number
  readonly serial: number
  /** The last known place in the shared order of invalidations. */
  readonly sequence: string | undefined
  /** Segments in which damage was found. */
  readonly damaged: number
}

/**
 * Reads the segments of a folder, oldest first, into an index and a table. A torn tail is left out. Damage anywhere
 * else may have destroyed the record of an invalidation, so everything written before it is given up.
 */
export async function replaySegments(
  folder: string,
  index: EntryIndex,
  table: PositionTable,
): Promise<Replayed> {
  const segments: Segment[] = []
  const found = { position: 0, serial: 0, sequence: undefined as string | undefined, damaged: 0 }
  for (const number of await listSegments(folder)) {
    const segment = await openSegment(folder, number, 'read')
    segments.push(segment)
    const end = await scanSegment(segment, (frame) => take(frame, segment, index, table, found))
    if (end.kind !== 'damaged') continue
    found.damaged += 1
    index.clear()
    for (const older of segments) {
      older.liveBytes = 0
      older.deadBytes = older.bytes
    }
  }
  return { segments, ...found }
}

function take(
  { head, offset, payload }: FoundFrame,
  segment: Segment,
  index: EntryIndex,
  table: PositionTable,
  found: { position: number; serial: number; sequence: string | undefined },
): void {
  found.position = Math.max(found.position, head.position)
  found.serial = Math.max(found.serial, head.serial)
  if (head.type === FRAME.entry) {
    index.put(head, segment, offset)
    return
  }
  const invalidation = decodeInvalidation(payload)
  if (invalidation === undefined) return
  if (head.type === FRAME.invalidation) table.note(invalidation, head.position)
  if (invalidation.sequence !== undefined) found.sequence = invalidation.sequence
}

/** An invalidation as it stands in a record. */
export const encodeInvalidation = ({ kind, name, sequence }: Invalidation): Uint8Array =>
  new TextEncoder().encode(JSON.stringify([kind, name, sequence ?? null]))

/** Reads what {@link encodeInvalidation} wrote. */
function decodeInvalidation(payload: Uint8Array | undefined): Invalidation | undefined {
  const text = payload === undefined ? undefined : fromUtf8(payload)
  if (text === undefined) return undefined
  const [kind, name, sequence] = JSON.parse(text) as [Invalidation['kind'], string, string | null]
  return { kind, name, ...(sequence !== null && { sequence }) }
}
