import type { Clock } from '../core/clock.ts'
import type { Digest } from './chain.ts'
import type { AuditConfig } from './config.ts'
import type { OpeningReport } from './contract.ts'
import type { IndexedFields, SystemEntry } from './encode.ts'
import type { IndexStore } from './index-store.ts'
import type { AdminEntry, TrafficEntry } from './record.ts'
import type { DetailWriter } from './redact.ts'
import type { RenewableLog } from './renewable-log.ts'
import type { Tail } from './tail.ts'
import { toHex } from '../core/bytes.ts'
import { ChainWriter } from './chain.ts'
import { encodeEntry, indexFields, putRecordStart, recordStart, START_BYTES_MAX } from './encode.ts'
import { Gap } from './gap.ts'
import { LedgerError } from './ledger-error.ts'
import { createDetailWriter } from './redact.ts'
import { OPEN_ACTION, SEAL_ACTION } from './scan.ts'
import { emptyTail, findTail } from './tail.ts'
import { TrafficQueue } from './traffic-queue.ts'

/** What {@link LedgerWriter} needs. */
export interface WriterOptions {
  readonly log: RenewableLog
  readonly clock: Clock
  readonly config: AuditConfig
  readonly digest: Digest
  readonly index: IndexStore
}

interface Pending {
  /** The record without `seq` and `hash`. */
  readonly json: string
  readonly fields: IndexedFields
  readonly resolve: (seq: number) => void
  readonly reject: (error: LedgerError) => void
}

/** Records on their way to the log: their lines lie in the chain's buffer. */
interface Batch {
  readonly acknowledged: { readonly pending: Pending; readonly seq: number }[]
  records: number
  gapRecords: number
  traffic: number
  bytes: number
  seq: number
}

/** Requests that one link of the chain's work takes together. */
export const BATCH_RECORDS = 100
const BATCHES_PER_WRITE = 16
const BUFFER_BYTES = 1 << 21
const ENTRY_CHARS_MAX = 262_144
const ADMIN_PER_WRITE = 256
const RECOVER_AFTER_MS = 1000

/**
 * Writes the chain: one write at a time, admin records first. Whoever waits while a write is under way
 * shares the next one and its fsync. When the disk refuses, admin records are refused and requests are
 * counted; the writer then looks at the log anew, chains to what is there, and marks the gap.
 */
export class LedgerWriter {
  readonly queue: TrafficQueue
  readonly gap: Gap
  written = 0
  reason: string | undefined
  readonly #options: WriterOptions
  readonly #chain: ChainWriter
  /** Index fields of the request written last. */
  readonly #fields = indexFields({ kind: 'traffic', timeMs: 0, action: '', outcome: '' })
  readonly #writeDetails: DetailWriter
  #status: 'open' | 'failed' | 'closed' = 'open'
  #tail: Tail
  #acknowledged: Pending[] = []
  #pumping: Promise<void> | undefined
  #woken = false
  #syncWanted = false
  #unsynced = false
  #recoverAtMs = 0
  /** Records of a failed write, in order: found again, or lost. */
  #unconfirmed: Batch | undefined

  private constructor(options: WriterOptions, tail: Tail) {
    this.#options = options
    this.#tail = tail
    this.queue = new TrafficQueue(options.config)
    this.gap = new Gap(options.clock)
    this.#chain = new ChainWriter(options.digest, BUFFER_BYTES)
    this.#writeDetails = createDetailWriter(options.config.details)
  }

  /** Finds the end of the chain, heals it, and starts the first or next segment when due. */
  static async open(
    options: WriterOptions,
  ): Promise<{ writer: LedgerWriter; opening: OpeningReport }> {
    const found = await findTail(options.log, options.digest)
    const writer = new LedgerWriter(options, found.tail)
    if (found.headerMissing) await writer.#writeHeader()
    const { healedBytes, fault } = found
    if (healedBytes > 0) await writer.system('ledger.heal', 'ok', { healedBytes })
    if (fault !== undefined) {
      const { kind, seq, segment, offset } = fault
      await writer.system('ledger.fault', 'failed', { kind, seq, segment, offset })
    }
    return { writer, opening: { seq: writer.#tail.seq, healedBytes, fault } }
  }

  get status(): 'open' | 'failed' | 'closed' {
    return this.#status
  }

  /** The newest record that the log has taken. */
  get tail(): Tail {
    return this.#tail
  }

  /** Takes a request in; never waits. */
  record(entry: TrafficEntry): void {
    if (this.#status !== 'open' || !this.queue.push(entry)) {
      this.gap.add(1)
      return
    }
    if (this.queue.length >= BATCH_RECORDS && !this.#woken) this.#wake()
  }

  /** Resolves with the sequence number once the record is on disk. */
  async append(entry: AdminEntry): Promise<number> {
    const timeMs = this.#options.clock.nowMs()
    const json = encodeEntry(entry, timeMs, this.#writeDetails)
    return this.#enqueue(json, indexFields({ ...entry, timeMs }))
  }

  /** As {@link LedgerWriter.append}, for records of the ledger's own. */
  async system(
    action: string,
    outcome: SystemEntry['outcome'],
    details: SystemEntry['details'],
  ): Promise<number> {
    const { json, fields } = this.#systemRecord({ kind: 'system', action, outcome, details })
    return this.#enqueue(json, fields)
  }

  /** Writes what is queued; with `sync` resolves when it is on disk. */
  async flush(sync: boolean): Promise<void> {
    this.#syncWanted ||= sync
    await this.pump()
    if (this.#status === 'failed') throw new LedgerError('failed', this.reason ?? 'the log failed')
  }

  /** Writes until nothing is due. Never rejects. */
  async pump(): Promise<void> {
    if (this.#pumping !== undefined) {
      await this.#pumping
      if (this.#pumping !== undefined || !this.#hasWork()) return this.#pumping
    }
    this.#pumping ??= this.#run()
    return this.#pumping
  }

  /** Drains; afterwards appends are refused. */
  async close(): Promise<void> {
    this.#syncWanted = true
    await this.pump()
    this.#status = 'closed'
    this.#refuseQueue('closed', 'the ledger is closed')
  }

  #wake(): void {
    this.#woken = true
    setImmediate(() => {
      this.#woken = false
      void this.pump()
    })
  }

  async #enqueue(json: string, fields: IndexedFields): Promise<number> {
    if (this.#status === 'closed') throw new LedgerError('closed', 'the ledger is closed')
    if (json.length > ENTRY_CHARS_MAX) {
      throw new LedgerError('too_large', `an audit record may have ${ENTRY_CHARS_MAX} characters`)
    }
    return new Promise<number>((resolve, reject) => {
      this.#acknowledged.push({ json, fields, resolve, reject })
      void this.pump()
    })
  }

  #hasWork(): boolean {
    return (
      this.#status === 'failed' ||
      this.#acknowledged.length > 0 ||
      this.queue.length > 0 ||
      this.gap.pending > 0 ||
      (this.#syncWanted && this.#unsynced) ||
      this.#rotationDue()
    )
  }

  async #run(): Promise<void> {
    // Whoever calls in the same turn shares the first write.
    await Promise.resolve()
    try {
      while (this.#hasWork()) {
        if (this.#status === 'failed' && !(await this.#recover())) {
          this.#refuseQueue('failed', this.reason ?? 'the log failed')
          this.gap.add(this.queue.clear())
          return
        }
        await (this.#rotationDue() ? this.#rotate() : this.#write())
      }
    } catch (error) {
      this.#fail(error)
      this.#refuseQueue('failed', this.reason ?? 'the log failed')
    } finally {
      this.#syncWanted = false
      this.#pumping = undefined
    }
  }

  #rotationDue(): boolean {
    const { segment } = this.#options.config
    const { bytes, columns, openedMs } = this.#tail
    if (this.#status !== 'open' || columns.rows < 2) return false
    return bytes >= segment.size || this.#options.clock.nowMs() - openedMs >= segment.age
  }

  async #write(): Promise<void> {
    const batch = this.#assemble()
    const sync = this.#syncWanted || batch.acknowledged.length > 0
    await this.#commit(batch, sync)
    if (sync && this.queue.length === 0) this.#syncWanted = false
  }

  #startBatch(): Batch {
    this.#chain.reset()
    this.#chain.hash.set(Buffer.from(this.#tail.hash, 'hex'))
    const { bytes, seq } = this.#tail
    return { acknowledged: [], records: 0, gapRecords: 0, traffic: 0, bytes, seq }
  }

  #assemble(): Batch {
    const batch = this.#startBatch()
    while (batch.acknowledged.length < ADMIN_PER_WRITE) {
      const pending = this.#acknowledged[0]
      if (pending === undefined || !this.#chain.fits(3 * pending.json.length + 64)) break
      this.#acknowledged.shift()
      this.#add(batch, recordStart(batch.seq + 1) + pending.json, pending.fields)
      batch.acknowledged.push({ pending, seq: batch.seq })
    }
    if (this.gap.pending > 0 && this.#chain.fits(1024)) {
      const { json, fields } = this.#systemRecord(this.gap.take())
      this.#add(batch, recordStart(batch.seq + 1) + json, fields)
      batch.gapRecords = 1
    }
    for (let part = 0; part < BATCHES_PER_WRITE && this.#addTraffic(batch); part++);
    return batch
  }

  /** Adds at most {@link BATCH_RECORDS} requests; `false` when there is no more to add. */
  #addTraffic(batch: Batch): boolean {
    const { queue } = this
    const chain = this.#chain
    for (let count = 0; count < BATCH_RECORDS; count++) {
      if (queue.length === 0 || !chain.fits(START_BYTES_MAX + queue.firstBytes)) return false
      const at = putRecordStart(chain.bytes, batch.seq + 1, chain.start)
      const length = chain.seal(queue.shift(chain.bytes, at, this.#fields))
      this.#addLine(batch, length, this.#fields)
      batch.traffic += 1
    }
    return true
  }

  #add(batch: Batch, json: string, fields: IndexedFields): void {
    this.#addLine(batch, this.#chain.line(json), fields)
  }

  /** Notes a line of so many bytes that the chain has made. */
  #addLine(batch: Batch, length: number, fields: IndexedFields): void {
    this.#tail.columns.add(fields, batch.bytes)
    batch.bytes += length
    batch.records += 1
    batch.seq += 1
  }

  async #commit(batch: Batch, sync: boolean): Promise<void> {
    const { segment, bytes, columns } = this.#tail
    try {
      const position = await this.#options.log.appendLines(this.#chain.lines, { sync })
      const elsewhere = position.segment !== segment || position.offset !== bytes
      if (batch.records > 0 && elsewhere) {
        throw new Error('the log was written by someone else')
      }
    } catch (error) {
      columns.truncate(this.#tail.seq + 1 - columns.firstSeq)
      this.#unconfirmed = batch
      this.#fail(error)
      const refusal = new LedgerError('failed', this.reason ?? 'the log failed')
      for (const { pending } of batch.acknowledged) pending.reject(refusal)
      return
    }
    const hash = batch.records === 0 ? this.#tail.hash : toHex(this.#chain.hash)
    this.#tail = { ...this.#tail, seq: batch.seq, hash, bytes: batch.bytes }
    this.#unsynced = !sync
    this.written += batch.records
    if (batch.gapRecords > 0) this.gap.confirm()
    for (const { pending, seq } of batch.acknowledged) pending.resolve(seq)
  }

  #systemRecord(entry: SystemEntry): { json: string; fields: IndexedFields } {
    const timeMs = this.#options.clock.nowMs()
    return {
      json: encodeEntry(entry, timeMs, this.#writeDetails),
      fields: indexFields({ ...entry, timeMs }),
    }
  }

  /** Writes one record of the ledger's own, outside the queue; throws when it cannot. */
  async #writeOwn(action: string, details: SystemEntry['details']): Promise<void> {
    const batch = this.#startBatch()
    const { json, fields } = this.#systemRecord({ kind: 'system', action, outcome: 'ok', details })
    this.#add(batch, recordStart(batch.seq + 1) + json, fields)
    await this.#commit(batch, true)
    if (this.#status === 'failed') throw new LedgerError('failed', this.reason ?? 'the log failed')
  }

  async #writeHeader(): Promise<void> {
    await this.#writeOwn(OPEN_ACTION, { format: 1, previousHash: this.#tail.hash })
    this.#tail = { ...this.#tail, openedMs: this.#options.clock.nowMs() }
  }

  async #rotate(): Promise<void> {
    const { log, index } = this.#options
    const { columns, segment } = this.#tail
    await this.#writeOwn(SEAL_ACTION, { records: columns.rows + 1 })
    const { bytes } = this.#tail
    await log.rotate()
    const open = (await log.segments()).at(-1)?.segment ?? segment + 1
    this.#tail = emptyTail(open, this.#tail.seq, this.#tail.hash)
    await this.#writeHeader()
    await index.seal({ segment, bytes, sealed: true }, columns)
  }

  #fail(error: unknown): void {
    this.reason = error instanceof Error ? error.message : String(error)
    if (this.#status === 'open') {
      this.#status = 'failed'
      this.#recoverAtMs = this.#options.clock.monotonicMs() + RECOVER_AFTER_MS
    }
  }

  #refuseQueue(code: 'failed' | 'closed', message: string): void {
    const refused = this.#acknowledged
    this.#acknowledged = []
    for (const pending of refused) pending.reject(new LedgerError(code, message))
  }

  /** Looks at the log anew; `true` when writing can go on. */
  async #recover(): Promise<boolean> {
    const { log, digest, clock } = this.#options
    if (clock.monotonicMs() < this.#recoverAtMs) return false
    this.#recoverAtMs = clock.monotonicMs() + RECOVER_AFTER_MS
    const before = this.#tail.seq
    try {
      await log.renew()
      const found = await findTail(log, digest)
      if (found.tail.seq < before) throw new Error('records that were written are gone')
      this.#tail = found.tail
      this.#status = 'open'
      const seq = this.#settleUnconfirmed(before)
      if (found.headerMissing) await this.#writeHeader()
      await this.#writeOwn('ledger.recover', { unacknowledged: seq - before })
    } catch (error) {
      this.#fail(error)
      return false
    }
    this.reason = undefined
    return true
  }

  /** Counts what a failed write lost; returns the newest of its records that is in the log. */
  #settleUnconfirmed(before: number): number {
    const batch = this.#unconfirmed
    this.#unconfirmed = undefined
    if (batch === undefined) return before
    const kept = Math.min(this.#tail.seq, batch.seq)
    const trafficFrom = batch.seq - batch.traffic
    this.gap.add(batch.seq - Math.max(kept, trafficFrom))
    if (batch.gapRecords > 0 && kept >= trafficFrom) this.gap.confirm()
    this.written += kept - before
    return kept
  }
}
