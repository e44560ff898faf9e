import type { Log } from '../storage/index.ts'
import type { Digest } from './chain.ts'
import type { ChainFault } from './contract.ts'
import { GENESIS_HASH } from './chain.ts'
import { RecordColumns } from './columns.ts'
import { scanSegment } from './scan.ts'

/** The end of the chain: the record on disk that the next one is chained to. */
export interface Tail {
  readonly seq: number
  readonly hash: string
  /** The open segment and how many bytes it has. */
  readonly segment: number
  readonly bytes: number
  /** Time of the open segment's first record. */
  readonly openedMs: number
  /** Index of the open segment. */
  readonly columns: RecordColumns
}

/** The result of looking for the tail. */
export interface FoundTail {
  readonly tail: Tail
  /** Whether the open segment is empty, so that the next record must be its header. */
  readonly headerMissing: boolean
  readonly healedBytes: number
  readonly fault: ChainFault | undefined
}

/**
 * Finds the end of the chain: cuts off the torn tail of a crash, reads the newest segment with records, and completes a
 * rotation that a crash interrupted.
 */
export async function findTail(log: Log, digest: Digest): Promise<FoundTail> {
  const healedBytes = (await log.tornBytes()) > 0 ? await log.heal() : 0
  const segments = await log.segments()
  const newest = segments.at(-1)
  const written = segments.findLast((segment) => segment.bytes > 0)
  if (written === undefined) {
    const tail = emptyTail(newest?.segment ?? 0, 0, GENESIS_HASH)
    return { tail, headerMissing: true, healedBytes, fault: undefined }
  }
  const scan = await scanSegment(log, written.segment, digest)
  const { seq, hash, bytes, columns, fault } = scan
  if (written.segment !== newest?.segment || scan.sealed) {
    if (written.segment === newest?.segment) await log.rotate()
    const open = (await log.segments()).at(-1)?.segment ?? written.segment + 1
    return { tail: emptyTail(open, seq, hash), headerMissing: true, healedBytes, fault }
  }
  const openedMs = scan.firstTimeMs ?? 0
  const tail = { seq, hash, segment: written.segment, bytes, openedMs, columns }
  return { tail, headerMissing: false, healedBytes, fault }
}

/** The tail before the first record of an empty segment. */
function emptyTail(segment: number, seq: number, hash: string): Tail {
  return { seq, hash, segment, bytes: 0, openedMs: 0, columns: new RecordColumns(seq + 1) }
}
