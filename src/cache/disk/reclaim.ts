import type { PositionTable } from '../levels/position-table.ts'
import { decodeEntry } from '../levels/entry-codec.ts'
import { namesOf } from '../levels/names-of.ts'
import type { EntryIndex, IndexedEntry } from './entry-index.ts'
import { encodeFrame, FRAME, HEAD_BYTES } from './frame.ts'
import type { Segment } from './segment.ts'
import { readAt, removeSegment, scanSegment } from './segment.ts'
import type { SegmentWriter } from './segment-writer.ts'

/** What {@link reclaimSegment} works on. */
export interface ReclaimParts {
  readonly index: EntryIndex
  readonly table: PositionTable
  readonly writer: SegmentWriter
  readonly nowMs: () => number
  /** Called for each entry that was given up although it was still valid. */
  readonly onEvict: () => void
}

/** How much of a segment is kept. */
export interface ReclaimPlan {
  /** How many bytes of entries may be moved; the rest are given up. */
  readonly keepBytes: number
  /** Whether only entries that were asked for are worth moving. */
  readonly isUsedOnly: boolean
  /**
   * Whether older segments stay. Then invalidations are moved too, because they may void entries there. Invalidations
   * in the oldest segment are not needed any longer: what they void was written before them.
   */
  readonly hasOlder: boolean
}

/** Moves what is worth keeping to the newest segment, and removes the file. */
export async function reclaimSegment(
  segment: Segment,
  plan: ReclaimPlan,
  parts: ReclaimParts,
): Promise<void> {
  if (plan.hasOlder) await moveInvalidations(segment, parts.writer)
  let keptBytes = 0
  for (const keyHash of segment.keys) {
    const entry = parts.index.find(keyHash)
    if (entry?.segment !== segment) continue
    const bytes = entry.payloadBytes + HEAD_BYTES
    const isWorthIt = (entry.isUsed || !plan.isUsedOnly) && keptBytes + bytes <= plan.keepBytes
    const isMoved = isWorthIt && (await moveEntry(keyHash, entry, parts))
    if (isMoved) keptBytes += bytes
    else if (parts.index.remove(keyHash, entry) && entry.expiresMs > parts.nowMs()) parts.onEvict()
  }
  await removeSegment(segment)
}

/** Writes an entry again if it is still valid; resolves with whether it did. */
async function moveEntry(
  keyHash: number,
  entry: IndexedEntry,
  { index, table, writer, nowMs }: ReclaimParts,
): Promise<boolean> {
  if (entry.expiresMs <= nowMs()) return false
  const payload = await readAt(entry.segment, entry.offset + HEAD_BYTES, entry.payloadBytes)
  const found = decodeEntry(payload)
  if (found === undefined) return false
  if (!table.isCurrentSince(namesOf(found.key, found.entry.meta), entry.position)) return false
  const { position, serial, expiresMs, payloadBytes } = entry
  const head = { type: FRAME.entry, position, serial, keyHash, expiresMs }
  const written = await writer.append(encodeFrame(head, payload))
  // A newer value may have come meanwhile.
  if (written === undefined || index.find(keyHash) !== entry) return false
  index.put({ ...head, payloadBytes, payloadCrc: 0 }, written.segment, written.offset)
  return true
}

async function moveInvalidations(segment: Segment, writer: SegmentWriter): Promise<void> {
  const moved: Promise<unknown>[] = []
  await scanSegment(segment, ({ head, payload }) => {
    if (head.type === FRAME.entry || payload === undefined) return
    moved.push(writer.append(encodeFrame(head, payload)))
  })
  const written = await Promise.all(moved)
  if (written.includes(undefined)) throw new Error('invalidations could not be moved')
}
