import type { IndexedFields } from './encode.ts'

/** What a query asks the index for; absent fields match everything. */
export interface ColumnFilter {
  readonly kind?: number | undefined
  readonly tenant?: number | undefined
  readonly actor?: number | undefined
  readonly action?: number | undefined
  readonly outcome?: number | undefined
  readonly request?: number | undefined
  readonly fromMs: number
  readonly toMs: number
}

/** The fields that are hashes of texts. */
export const HASHED = ['tenant', 'actor', 'action', 'outcome', 'request'] as const

const ROWS_START = 1024

/**
 * The index of one segment: for each record its time, kind, byte offset and the hashes of its texts, as columns that
 * are scanned. A scan takes about a nanosecond per row and column, whatever the query; a record takes 33 bytes. Row `n`
 * is the record `firstSeq + n`.
 */
export class RecordColumns {
  readonly firstSeq: number
  #rows = 0
  kind = new Uint8Array(ROWS_START)
  timeMs = new Float64Array(ROWS_START)
  offset = new Uint32Array(ROWS_START)
  tenant = new Uint32Array(ROWS_START)
  actor = new Uint32Array(ROWS_START)
  action = new Uint32Array(ROWS_START)
  outcome = new Uint32Array(ROWS_START)
  request = new Uint32Array(ROWS_START)
  minMs = Infinity
  maxMs = -Infinity

  constructor(firstSeq: number) {
    this.firstSeq = firstSeq
  }

  get rows(): number {
    return this.#rows
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.kind.length * ROW_BYTES
  }

  add(fields: IndexedFields, offset: number): void {
    const row = this.#rows
    if (row === this.kind.length) this.resize(2 * row)
    this.kind[row] = fields.kind
    this.timeMs[row] = fields.timeMs
    this.offset[row] = offset
    this.tenant[row] = fields.tenant
    this.actor[row] = fields.actor
    this.action[row] = fields.action
    this.outcome[row] = fields.outcome
    this.request[row] = fields.request
    if (fields.timeMs < this.minMs) this.minMs = fields.timeMs
    if (fields.timeMs > this.maxMs) this.maxMs = fields.timeMs
    this.#rows = row + 1
  }

  /** Adopts columns that were read from elsewhere. */
  adopt(rows: number, minMs: number, maxMs: number): void {
    this.#rows = rows
    this.minMs = minMs
    this.maxMs = maxMs
  }

  /** Whether the record of `row` may match; `false` is certain. */
  matches(row: number, filter: ColumnFilter): boolean {
    const { kind, tenant, actor, action, outcome, request } = filter
    if (request !== undefined && this.request[row] !== request) return false
    if (actor !== undefined && this.actor[row] !== actor) return false
    if (tenant !== undefined && this.tenant[row] !== tenant) return false
    if (action !== undefined && this.action[row] !== action) return false
    if (outcome !== undefined && this.outcome[row] !== outcome) return false
    if (kind !== undefined && this.kind[row] !== kind) return false
    const timeMs = this.timeMs[row]!
    return timeMs >= filter.fromMs && timeMs <= filter.toMs
  }

  /** The newest row below `before` that may match, or -1. */
  findBefore(before: number, filter: ColumnFilter): number {
    for (let row = Math.min(before, this.#rows) - 1; row >= 0; row--) {
      if (this.matches(row, filter)) return row
    }
    return -1
  }

  /** Gives the columns room for exactly this many rows. */
  resize(rows: number): void {
    this.kind = copy(new Uint8Array(rows), this.kind)
    this.timeMs = copy(new Float64Array(rows), this.timeMs)
    this.offset = copy(new Uint32Array(rows), this.offset)
    this.tenant = copy(new Uint32Array(rows), this.tenant)
    this.actor = copy(new Uint32Array(rows), this.actor)
    this.action = copy(new Uint32Array(rows), this.action)
    this.outcome = copy(new Uint32Array(rows), this.outcome)
    this.request = copy(new Uint32Array(rows), this.request)
  }
}

/** Bytes of a row: one of 1, one of 8, six of 4. */
const ROW_BYTES = 33

function copy<T extends Uint8Array | Uint32Array | Float64Array>(target: T, source: T): T {
  target.set(source.subarray(0, target.length))
  return target
}
