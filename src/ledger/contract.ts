import type { AdminEntry, AuditRecord, RecordKind, TrafficEntry } from './record.ts'

/** Which records to find; absent fields match everything. Values are compared exactly. */
export interface AuditFilter {
  /** Actor id. */
  readonly actorId?: string
  readonly action?: string
  readonly outcome?: string
  readonly kind?: RecordKind
  readonly requestId?: string
  /** Inclusive bounds on `timeMs`. */
  readonly fromMs?: number
  readonly toMs?: number
}

/** A question about the past, newest first. */
export interface AuditQuery extends AuditFilter {
  /** Records at most; default 100, bound 1000. */
  readonly limit?: number
  /** `nextCursor` of the page before; an unknown one gives {@link AuditPage} `invalid_cursor`. */
  readonly cursor?: string
}

/** A page of records, newest first. `nextCursor` is absent on the last page. */
export interface AuditPage {
  readonly records: readonly AuditRecord[]
  readonly nextCursor?: string
}

/** Progress of long work. */
export interface LedgerProgress {
  readonly records: number
  readonly bytes: number
  /** All bytes there are to go through, as known at the start. */
  readonly bytesTotal: number
}

/** Called now and then during long work (about every 10,000 records). */
export type OnProgress = (progress: LedgerProgress) => void

/** Reads of the ledger within a scope: one tenant, or all. */
export interface AuditReader {
  /** Newest first. Throws a `RangeError` for a cursor that no page gave. */
  query(query: AuditQuery): Promise<AuditPage>
  /** NDJSON, oldest first: the lines as they stand in the log, in chunks of whole lines. */
  export(filter: AuditFilter, onProgress?: OnProgress): AsyncIterable<Uint8Array>
}

/** A point of the chain noted outside the ledger: proves that nothing before it was cut off. */
export interface Checkpoint {
  readonly seq: number
  readonly hash: string
}

/** What is wrong with a chain. */
export type FaultKind =
  /** The record's bytes do not give its hash, or are no record. */
  | 'changed'
  /** A record that must be here is nowhere after. */
  | 'missing'
  /** A record that must be here stands elsewhere, or one stands twice. */
  | 'reordered'
  /** The log ends before it may: a torn tail, a segment without its seal, a checkpoint not reached. */
  | 'truncated'
  /** The chain is sound but does not contain the operator's checkpoint. */
  | 'checkpoint_mismatch'

/** The first fault of a chain and where it lies. */
export interface ChainFault {
  readonly kind: FaultKind
  /** The record that should stand there. */
  readonly seq: number
  readonly segment: number
  /** Byte offset within the segment. */
  readonly offset: number
  readonly detail: string
}

/** The result of {@link Ledger.verify}. */
export interface VerifyReport {
  readonly ok: boolean
  /** First record seen; above 1 when retention has dropped older ones (with an anchor in the chain). */
  readonly firstSeq: number
  readonly lastSeq: number
  readonly lastHash: string
  readonly records: number
  readonly segments: number
  readonly bytes: number
  readonly fault: ChainFault | undefined
}

/** What opening the ledger found and did. */
export interface OpeningReport {
  readonly seq: number
  /** Bytes a crash had torn off, removed. 0 when the log ended cleanly. */
  readonly healedBytes: number
  /** A fault in the newest segment, left as it was for {@link Ledger.verify}. */
  readonly fault: ChainFault | undefined
}

/** The ledger's state, for readiness and metrics. */
export interface LedgerState {
  /** `open`, `failed` (the disk refused; admin appends are refused, traffic is counted) or `closed`. */
  readonly status: 'open' | 'failed' | 'closed'
  /** Why it failed: for the log, not for callers. */
  readonly reason: string | undefined
  /** Why old segments could not be dropped the last time that was tried. */
  readonly retentionFailure: string | undefined
  readonly seq: number
  /** Traffic records waiting. */
  readonly queued: number
  /** Traffic records dropped since the start: the ring was full or the disk refused. */
  readonly dropped: number
  readonly written: number
}

/** The append-only audit log. */
export interface Ledger {
  readonly opening: OpeningReport
  /**
   * Hands over one request. Never blocks, never throws, keeps no reference to `entry`. When the queue
   * is full the record is dropped, counted, and the gap is marked in the chain.
   */
  record(entry: TrafficEntry): void
  /** Counts requests that were dropped before they came here; the gap is marked in the chain. */
  drop(count: number): void
  /**
   * Appends a record and resolves with its `seq` once it is on disk. Rejects with a
   * {@link LedgerError} when it cannot be: the act must then be refused.
   */
  append(entry: AdminEntry): Promise<number>
  /** Reads of one tenant's records. Throws a `RangeError` for an empty id. */
  tenant(tenantId: string): AuditReader
  /** Reads of all records. */
  across(): AuditReader
  /** Walks the chain from the oldest record to the newest at the time of the call. */
  verify(options?: { checkpoint?: Checkpoint; onProgress?: OnProgress }): Promise<VerifyReport>
  /** The newest record on disk: to be noted elsewhere as a {@link Checkpoint}. */
  checkpoint(): Checkpoint
  /** Drops sealed segments beyond the configured age and size; resolves with their number. */
  retain(): Promise<number>
  /** Writes all that is queued and resolves when it is on disk. */
  flush(): Promise<void>
  state(): LedgerState
  /** Writes what is queued, ends timers, closes the log. */
  close(): Promise<void>
}
