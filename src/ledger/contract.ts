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
  /** The most records to return; default 100, at most 1000. */
  readonly limit?: number
  /** `nextCursor` of the previous page. */
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
  /** Total bytes to go through, as known at the start. */
  readonly bytesTotal: number
}

/** Called from time to time during long work (about every 10,000 records). */
export type OnProgress = (progress: LedgerProgress) => void

/** Reads the ledger within a scope: one tenant, or all. */
export interface AuditReader {
  /** A page, newest first. Throws a `RangeError` for a cursor that is not from a page. */
  query(query: AuditQuery): Promise<AuditPage>
  /** NDJSON, oldest first: the lines exactly as in the log, in chunks of whole lines. */
  export(filter: AuditFilter, onProgress?: OnProgress): AsyncIterable<Uint8Array>
}

/** A point of the chain noted outside the ledger: proves that nothing up to it has been cut off. */
export interface Checkpoint {
  readonly seq: number
  readonly hash: string
}

/** What is wrong with a chain. */
export type FaultKind =
  /** The record's bytes do not match its hash, or are not a record. */
  | 'changed'
  /** The record that must be here does not appear later either. */
  | 'missing'
  /** The record that must be here is elsewhere, or a record appears twice. */
  | 'reordered'
  /** The log ends too early: a torn tail, a segment without its seal, a checkpoint not reached. */
  | 'truncated'
  /** The chain is sound but does not contain the operator's checkpoint. */
  | 'checkpoint_mismatch'

/** The first fault of a chain, and where it is. */
export interface ChainFault {
  readonly kind: FaultKind
  /** Sequence number of the record that should be there. */
  readonly seq: number
  readonly segment: number
  /** Byte offset within the segment. */
  readonly offset: number
  readonly detail: string
}

/** The result of {@link Ledger.verify}. */
export interface VerifyReport {
  readonly ok: boolean
  /** First record seen; above 1 if retention has dropped older ones (with an anchor in the chain). */
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
  /** Bytes of a torn tail that were removed after a crash; 0 if the log ended cleanly. */
  readonly healedBytes: number
  /** A fault in the newest segment, left unchanged for {@link Ledger.verify}. */
  readonly fault: ChainFault | undefined
}

/** The ledger's state, for readiness and metrics. */
export interface LedgerState {
  /** `open`, `failed` (the disk refused a write; admin appends are refused, traffic is only counted) or `closed`. */
  readonly status: 'open' | 'failed' | 'closed'
  /** Why it failed, for the program's log and not for callers. */
  readonly reason: string | undefined
  /** Why old segments could not be dropped at the last attempt. */
  readonly retentionFailure: string | undefined
  readonly seq: number
  /** How many traffic records are waiting. */
  readonly queued: number
  /** How many traffic records have been dropped since the start, because the queue was full or the disk refused. */
  readonly dropped: number
  readonly written: number
}

/** The append-only audit log. */
export interface Ledger {
  readonly opening: OpeningReport
  /**
   * Records one request. Never blocks, never throws, keeps no reference to `entry`. If the queue is full, the record is
   * dropped and counted, and the gap is marked in the chain.
   */
  record(entry: TrafficEntry): void
  /** Counts requests that were dropped before they reached the ledger; the gap is marked in the chain. */
  drop(count: number): void
  /**
   * Appends a record and resolves with its `seq` once it is on disk. Rejects with a {@link LedgerError} if it cannot be
   * kept: the act must then be refused.
   */
  append(entry: AdminEntry): Promise<number>
  /** A reader of one tenant's records. Throws a `RangeError` for an empty id. */
  tenant(tenantId: string): AuditReader
  /** A reader of all records. */
  across(): AuditReader
  /** Walks the chain from the oldest record to the newest at the time of the call. */
  verify(options?: { checkpoint?: Checkpoint; onProgress?: OnProgress }): Promise<VerifyReport>
  /** The newest record on disk, to be noted elsewhere as a {@link Checkpoint}. */
  checkpoint(): Checkpoint
  /** Drops sealed segments beyond the configured age and size; resolves with their number. */
  retain(): Promise<number>
  /** Writes everything queued; resolves when it is on disk. */
  flush(): Promise<void>
  state(): LedgerState
  /** Writes everything queued, ends timers and closes the log. */
  close(): Promise<void>
}
