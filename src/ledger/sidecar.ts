import { BLOOM_BYTES, buildBloom } from './bloom.ts'
import { RecordColumns } from './columns.ts'

/** What is known about a sealed segment without its columns. */
export interface SegmentSummary {
  readonly firstSeq: number
  readonly rows: number
  readonly minMs: number
  readonly maxMs: number
  readonly bloom: Uint8Array
}

/** A segment's index: its summary and its columns. */
export interface SegmentIndex {
  readonly summary: SegmentSummary
  readonly columns: RecordColumns
}

/** Makes the index of a complete segment from its columns. */
export function sealIndex(columns: RecordColumns): SegmentIndex {
  columns.resize(columns.rows)
  const { firstSeq, rows, minMs, maxMs } = columns
  return { summary: { firstSeq, rows, minMs, maxMs, bloom: buildBloom(columns) }, columns }
}

const MAGIC = 0x5447_4958
const VERSION = 1
const HEADER_BYTES = 64
const COLUMN_ROW_BYTES = 32
const FNV_PRIME = 0x01000193

/**
 * Writes an index as bytes (in native order; the magic number reveals a different one): header, Bloom filter, columns.
 * `segmentBytes` ties it to the segment it was made from.
 */
export function encodeSidecar(index: SegmentIndex, segmentBytes: number): Uint8Array {
  const { columns, summary } = index
  const rows = summary.rows
  const padded = rows + (rows % 2)
  const bytes = new Uint8Array(
    HEADER_BYTES + BLOOM_BYTES + padded * COLUMN_ROW_BYTES + Math.ceil(rows / 8) * 8,
  )
  const header = new Float64Array(bytes.buffer, 8, 5)
  header.set([summary.firstSeq, rows, summary.minMs, summary.maxMs, segmentBytes])
  bytes.set(summary.bloom, HEADER_BYTES)
  const views = columnViews(bytes, rows)
  views.timeMs.set(columns.timeMs.subarray(0, rows))
  views.offset.set(columns.offset.subarray(0, rows))
  views.tenant.set(columns.tenant.subarray(0, rows))
  views.actor.set(columns.actor.subarray(0, rows))
  views.action.set(columns.action.subarray(0, rows))
  views.outcome.set(columns.outcome.subarray(0, rows))
  views.request.set(columns.request.subarray(0, rows))
  views.kind.set(columns.kind.subarray(0, rows))
  new Uint32Array(bytes.buffer, 0, 2).set([MAGIC, VERSION])
  new Uint32Array(bytes.buffer, 48, 1).set([checksum(bytes)])
  return bytes
}

/** Reads an index; `undefined` if it is damaged or was made from a different size of the segment. */
export function decodeSidecar(file: Uint8Array, segmentBytes: number): SegmentIndex | undefined {
  if (file.length < HEADER_BYTES + BLOOM_BYTES || file.length % 8 !== 0) return undefined
  const bytes = file.byteOffset % 8 === 0 ? file : new Uint8Array(file)
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4)
  const header = new Float64Array(bytes.buffer, bytes.byteOffset + 8, 5)
  const [firstSeq = 0, rows = 0, minMs = 0, maxMs = 0, ofBytes = -1] = header
  if (words[0] !== MAGIC || words[1] !== VERSION || ofBytes !== segmentBytes) return undefined
  const padded = rows + (rows % 2)
  const length = HEADER_BYTES + BLOOM_BYTES + padded * COLUMN_ROW_BYTES + Math.ceil(rows / 8) * 8
  if (length !== bytes.length || words[12] !== checksum(bytes)) return undefined
  const columns = new RecordColumns(firstSeq)
  Object.assign(columns, columnViews(bytes, rows))
  columns.adopt(rows, minMs, maxMs)
  const bloom = Uint8Array.from(bytes.subarray(HEADER_BYTES, HEADER_BYTES + BLOOM_BYTES))
  return { summary: { firstSeq, rows, minMs, maxMs, bloom }, columns }
}

/** Views of the columns within a sidecar: the widest first, so that all are aligned. */
function columnViews(bytes: Uint8Array, rows: number) {
  let at = bytes.byteOffset + HEADER_BYTES + BLOOM_BYTES
  const padded = rows + (rows % 2)
  const words = (): Uint32Array => {
    const view = new Uint32Array(bytes.buffer, at, rows)
    at += padded * 4
    return view
  }
  const timeMs = new Float64Array(bytes.buffer, at, rows)
  at += padded * 8
  return {
    timeMs,
    offset: words(),
    tenant: words(),
    actor: words(),
    action: words(),
    outcome: words(),
    request: words(),
    kind: new Uint8Array(bytes.buffer, at, rows),
  }
}

/** FNV-1a over 32-bit words, except the checksum itself: detects damage, not tampering. */
function checksum(bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  let sum = 0x811c9dc5
  for (let at = 0; at < words.length; at++) {
    if (at !== 12) sum = Math.imul(sum ^ words[at]!, FNV_PRIME)
  }
  return sum >>> 0
}
