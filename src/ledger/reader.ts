import type { Log, LogSegment } from '../storage/index.ts'
import type { ColumnFilter, RecordColumns } from './columns.ts'
import type { AuditFilter, AuditPage, AuditQuery, AuditReader, OnProgress } from './contract.ts'
import type { IndexStore } from './index-store.ts'
import type { AuditRecord } from './record.ts'
import type { Tail } from './tail.ts'
import { mayMatch } from './bloom.ts'
import { parseRecord, readLink } from './chain.ts'
import { KIND_CODES } from './encode.ts'
import { hashText } from './text.ts'

/** What {@link createReader} needs. */
export interface ReaderOptions {
  readonly log: Log
  readonly index: IndexStore
  readonly tail: () => Tail
  /** Marks segments as being read, so that retention waits; returns a function that ends this. */
  readonly hold: () => () => void
}

const LIMIT_DEFAULT = 100
const LIMIT_MAX = 1000
const ROWS_PER_READ = 256
const CHUNK_BYTES = 65_536
const GAP_BYTES_MAX = 262_144
const PROGRESS_RECORDS = 10_000

/** Creates the reader of one tenant (`undefined`: of all). Every record read is checked against the filter again. */
export function createReader(options: ReaderOptions, tenantId: string | undefined): AuditReader {
  return {
    async query(query) {
      const release = options.hold()
      try {
        return await runQuery(options, tenantId, query)
      } finally {
        release()
      }
    },
    export: (filter, onProgress) => exportLines(options, tenantId, filter, onProgress),
  }
}

/** A segment as a query sees it: its columns, if they may hold a match. */
interface View {
  readonly segment: number
  readonly columns: RecordColumns
  readonly rows: number
}

async function runQuery(
  options: ReaderOptions,
  tenantId: string | undefined,
  query: AuditQuery,
): Promise<AuditPage> {
  const limit = Math.min(Math.max(1, Math.trunc(query.limit ?? LIMIT_DEFAULT)), LIMIT_MAX)
  const before = query.cursor === undefined ? Infinity : parseCursor(query.cursor)
  const filter = columnFilter(query, tenantId)
  const records: AuditRecord[] = []
  for await (const { segment, columns, rows } of views(options, filter, before, 'newest')) {
    let row = Math.min(rows, before - columns.firstSeq)
    while (row > 0 && records.length <= limit) {
      const wanted = Math.min(ROWS_PER_READ, limit + 1 - records.length)
      const found: number[] = []
      while (found.length < wanted && row > 0) {
        row = columns.findBefore(row, filter)
        if (row >= 0) found.push(row)
      }
      const offsets = found.map((at) => columns.offset[at] ?? 0).reverse()
      const read = await readRecords(options.log, segment, offsets)
      records.push(...read.reverse().filter((record) => matches(record, query, tenantId)))
    }
    if (records.length > limit) break
  }
  const page = records.slice(0, limit)
  const last = page.at(-1)
  return records.length > limit && last !== undefined
    ? { records: page, nextCursor: formatCursor(last.seq) }
    : { records: page }
}

/** The segments that may hold a match, with their columns; the open one as it is on disk. */
async function* views(
  options: ReaderOptions,
  filter: ColumnFilter,
  before: number,
  order: 'newest' | 'oldest',
): AsyncGenerator<View> {
  const { columns, seq, segment } = options.tail()
  const open: View = { segment, columns, rows: seq + 1 - columns.firstSeq }
  const sealed = (await options.log.segments()).filter((known) => known.segment < segment)
  if (order === 'newest') {
    yield open
    sealed.reverse()
  }
  for (const known of sealed.filter((candidate) => candidate.bytes > 0)) {
    const view = await viewSealed(options.index, known, filter, before)
    if (view !== undefined) yield view
  }
  if (order === 'oldest') yield open
}

async function viewSealed(
  index: IndexStore,
  segment: LogSegment,
  filter: ColumnFilter,
  before: number,
): Promise<View | undefined> {
  const summary = await index.summary(segment)
  if (summary.firstSeq >= before || !mayMatch(summary.bloom, filter)) return undefined
  if (summary.minMs > filter.toMs || summary.maxMs < filter.fromMs) return undefined
  const columns = await index.columns(segment)
  return { segment: segment.segment, columns, rows: columns.rows }
}

/** Reads the records at ascending offsets; neighboring ones share a read. */
async function readRecords(
  log: Log,
  segment: number,
  offsets: readonly number[],
): Promise<AuditRecord[]> {
  const records: AuditRecord[] = []
  let next = 0
  while (next < offsets.length) {
    const start = next
    for await (const { position, frame } of log.read({ segment, offset: offsets[start] ?? 0 })) {
      if (position.segment !== segment) break
      if (position.offset < (offsets[next] ?? Infinity)) continue
      if (position.offset === offsets[next]) {
        const record = parseRecord(frame)
        if (record !== undefined) records.push(record)
      }
      next += 1
      if ((offsets[next] ?? Infinity) - position.offset > GAP_BYTES_MAX) break
    }
    if (next === start) next += 1
  }
  return records
}

async function* exportLines(
  options: ReaderOptions,
  tenantId: string | undefined,
  filter: AuditFilter,
  onProgress: OnProgress | undefined,
): AsyncGenerator<Uint8Array> {
  const release = options.hold()
  try {
    const columnsFilter = columnFilter(filter, tenantId)
    const total = (await options.log.segments()).reduce((sum, segment) => sum + segment.bytes, 0)
    const chunk = new Chunk()
    let records = 0
    let bytes = 0
    for await (const view of views(options, columnsFilter, Infinity, 'oldest')) {
      const { segment, columns, rows } = view
      for await (const { position, frame } of options.log.read({ segment, offset: 0 })) {
        const seq = readLink(frame)?.seq ?? Number.NaN
        if (position.segment !== segment || seq >= columns.firstSeq + rows) break
        records += 1
        bytes += frame.length + 1
        if (records % PROGRESS_RECORDS === 0) onProgress?.({ records, bytes, bytesTotal: total })
        if (!columns.matches(seq - columns.firstSeq, columnsFilter)) continue
        const record = parseRecord(frame)
        if (record === undefined || !matches(record, filter, tenantId)) continue
        chunk.add(frame)
        if (chunk.bytes >= CHUNK_BYTES) yield chunk.take()
      }
    }
    onProgress?.({ records, bytes, bytesTotal: total })
    if (chunk.bytes > 0) yield chunk.take()
  } finally {
    release()
  }
}

/** Collects lines, each with its line feed. */
class Chunk {
  bytes = 0
  #parts: Buffer[] = []

  add(line: Uint8Array): void {
    this.#parts.push(Buffer.from(line), LINE_FEED)
    this.bytes += line.length + 1
  }

  take(): Uint8Array {
    const joined = Buffer.concat(this.#parts)
    this.#parts = []
    this.bytes = 0
    return joined
  }
}

const LINE_FEED = Buffer.from('\n')

function columnFilter(filter: AuditFilter, tenantId: string | undefined): ColumnFilter {
  const hash = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : hashText(text)
  return {
    kind: filter.kind === undefined ? undefined : KIND_CODES[filter.kind],
    tenant: hash(tenantId),
    actor: hash(filter.actorId),
    action: hash(filter.action),
    outcome: hash(filter.outcome),
    request: hash(filter.requestId),
    fromMs: filter.fromMs ?? -Infinity,
    toMs: filter.toMs ?? Infinity,
  }
}

/** The index compares hashes; this compares the record itself. */
function matches(record: AuditRecord, filter: AuditFilter, tenantId: string | undefined): boolean {
  return (
    (tenantId === undefined || record.tenantId === tenantId) &&
    (filter.kind === undefined || record.kind === filter.kind) &&
    (filter.actorId === undefined || record.actor?.id === filter.actorId) &&
    (filter.action === undefined || record.action === filter.action) &&
    (filter.outcome === undefined || record.outcome === filter.outcome) &&
    (filter.requestId === undefined || record.requestId === filter.requestId) &&
    (filter.fromMs === undefined || record.timeMs >= filter.fromMs) &&
    (filter.toMs === undefined || record.timeMs <= filter.toMs)
  )
}

const CURSOR = /^s([0-9a-z]{1,11})$/

const formatCursor = (seq: number): string => `s${seq.toString(36)}`

function parseCursor(cursor: string): number {
  const seq = Number.parseInt(CURSOR.exec(cursor)?.[1] ?? '', 36)
  if (!Number.isSafeInteger(seq)) throw new RangeError('not a cursor of this ledger')
  return seq
}
