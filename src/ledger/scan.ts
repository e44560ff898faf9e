import type { Log } from '../storage/index.ts'
import type { Digest } from './chain.ts'
import type { ChainFault } from './contract.ts'
import { createLinkHasher, GENESIS_HASH, isHash, parseRecord, readLink } from './chain.ts'
import { RecordColumns } from './columns.ts'
import { indexFields } from './encode.ts'

/** Action of the first record of a segment; its details hold the previous record's hash. */
export const OPEN_ACTION = 'segment.open'
/** Action of the last record of a sealed segment. */
export const SEAL_ACTION = 'segment.seal'

/** What one pass over a segment finds. */
export interface SegmentScan {
  readonly columns: RecordColumns
  /** `seq` and hash of the last record; 0 and the genesis hash if there is none. */
  readonly seq: number
  readonly hash: string
  readonly bytes: number
  /** Whether the last record is a seal. */
  readonly sealed: boolean
  readonly firstTimeMs: number | undefined
  readonly fault: ChainFault | undefined
}

/** Reads a whole segment: indexes its records, and checks the chain within it. */
export async function scanSegment(log: Log, segment: number, digest: Digest): Promise<SegmentScan> {
  const hashOf = createLinkHasher(digest)
  let columns: RecordColumns | undefined
  let seq = 0
  let previous = GENESIS_HASH
  let bytes = 0
  let sealed = false
  let firstTimeMs: number | undefined
  let fault: ChainFault | undefined
  for await (const { position, frame } of log.read({ segment, offset: 0 })) {
    if (position.segment !== segment) break
    bytes = position.offset + frame.length + 1
    const link = readLink(frame)
    const record = link === undefined ? undefined : parseRecord(frame)
    if (link === undefined || record === undefined) {
      fault ??= { kind: 'changed', seq: seq + 1, ...position, detail: 'not a record' }
      continue
    }
    const before = columns === undefined ? statedBefore(record.details) : previous
    const sound =
      (columns === undefined || link.seq === seq + 1) && hashOf(before, frame) === link.hash
    if (!sound) {
      fault ??= { kind: 'changed', seq: seq + 1, ...position, detail: 'hash does not match' }
    }
    columns ??= new RecordColumns(link.seq)
    firstTimeMs ??= record.timeMs
    while (columns.firstSeq + columns.rows < link.seq && columns.rows < ROWS_MAX) {
      columns.add(HOLE, position.offset)
    }
    if (columns.firstSeq + columns.rows === link.seq) {
      columns.add(indexFields(record), position.offset)
    }
    seq = link.seq
    previous = link.hash
    sealed = record.kind === 'system' && record.action === SEAL_ACTION
  }
  const found = columns ?? new RecordColumns(1)
  return { columns: found, seq, hash: previous, bytes, sealed, firstTimeMs, fault }
}

/** The previous hash that a segment's first record states. */
export function statedBefore(details: Readonly<Record<string, unknown>> | undefined): string {
  const stated = details?.['previousHash']
  return typeof stated === 'string' && isHash(stated) ? stated : GENESIS_HASH
}

/** Fills the index where a record is missing, so that rows still correspond to sequence numbers. */
const HOLE = { kind: 0, timeMs: NaN, tenant: 0, actor: 0, action: 0, outcome: 0, request: 0 }
/** Bounds the rows to which a forged `seq` can make the index grow. */
const ROWS_MAX = 4_194_304
