import type { Clock } from '../core/clock.ts'
import type { Digest } from './chain.ts'
import type { AuditConfig } from './config.ts'
import type { IndexedFields, SystemEntry } from './encode.ts'
import type { IndexStore } from './index-store.ts'
import type { RenewableLog } from './renewable-log.ts'
import type { FoundTail, Tail } from './tail.ts'
import type { TrafficQueue } from './traffic-queue.ts'
import { messageOf } from '../core/error-message.ts'
import { toHex } from '../core/bytes.ts'
import { ChainWriter } from './chain.ts'
import {
  encodeSystem,
  indexFields,
  putRecordStart,
  recordStart,
  START_BYTES_MAX,
} from './encode.ts'
import { LedgerError } from './ledger-error.ts'
import { OPEN_ACTION, SEAL_ACTION } from './scan.ts'
import { emptyTail, findTail } from './tail.ts'

/** What {@link ChainEnd} needs. */
export interface ChainEndOptions {
  readonly log: RenewableLog
  readonly clock: Clock
  readonly config: AuditConfig
  readonly digest: Digest
  readonly index: IndexStore
}

/** Records on their way to the log: their lines lie in the chain's buffer. */
export interface Batch {
  /** Bytes of the open segment with them. */
  bytes: number
  /** The newest of them, or of those before. */
  seq: number
}

const BUFFER_BYTES = 1 << 21

/**
 * The end of the chain, where records are appended: begin a batch, add records to it, commit it. One batch
 * at a time. What the log refused is looked for again by {@link ChainEnd.findAgain}.
 */
export class ChainEnd {
  /** Records that the log has taken since the start. */
  written = 0
  /** The log has taken records that may not be on disk. */
  isUnsynced = false
  readonly #options: ChainEndOptions
  readonly #chain: ChainWriter
  /** Index fields of the request added last. */
  readonly #fields = indexFields({ kind: 'traffic', timeMs: 0, action: '', outcome: '' })
  #tail: Tail
  /** What the log refused, perhaps after it had taken some of it. */
  #refused: Batch | undefined

  private constructor(options: ChainEndOptions, tail: Tail) {
    this.#options = options
    this.#tail = tail
    this.#chain = new ChainWriter(options.digest, BUFFER_BYTES)
  }

  /** Finds the end of the chain, heals it, and starts the first or next segment when due. */
  static async open(options: ChainEndOptions): Promise<{ end: ChainEnd; found: FoundTail }> {
    const found = await findTail(options.log, options.digest)
    const end = new ChainEnd(options, found.tail)
    if (found.headerMissing) await end.#writeHeader()
    return { end, found }
  }

  /** The newest record that the log has taken. */
  get tail(): Tail {
    return this.#tail
  }

  /** Begins a batch; one begun before must not be used any more. */
  begin(): Batch {
    this.#chain.reset()
    this.#chain.hash.set(Buffer.from(this.#tail.hash, 'hex'))
    return { bytes: this.#tail.bytes, seq: this.#tail.seq }
  }

  /** Whether a record of so many characters can be added. */
  fits(chars: number): boolean {
    return this.#chain.fits(3 * chars + START_BYTES_MAX)
  }

  /** @param json - The record without `seq` and `hash`. */
  add(batch: Batch, json: string, fields: IndexedFields): void {
    this.#addLine(batch, this.#chain.line(recordStart(batch.seq + 1) + json), fields)
  }

  /** Adds the oldest request of a queue; `false` when there is none, or no room for it. */
  addOldest(batch: Batch, queue: TrafficQueue): boolean {
    const chain = this.#chain
    if (queue.length === 0 || !chain.fits(START_BYTES_MAX + queue.firstBytes)) return false
    const at = putRecordStart(chain.bytes, batch.seq + 1, chain.start)
    const length = chain.seal(queue.shift(chain.bytes, at, this.#fields))
    this.#addLine(batch, length, this.#fields)
    return true
  }

  /**
   * Appends a batch to the log.
   *
   * @param sync - Resolves only when it is on disk.
   * @throws LedgerError `failed`, when the log throws: which of the records it has then is not known.
   */
  async commit(batch: Batch, sync: boolean): Promise<void> {
    const { segment, bytes, columns, seq } = this.#tail
    try {
      const position = await this.#options.log.appendLines(this.#chain.lines, { sync })
      const elsewhere = position.segment !== segment || position.offset !== bytes
      if (batch.seq > seq && elsewhere) throw new Error('the log was written by someone else')
    } catch (error) {
      columns.truncate(seq + 1 - columns.firstSeq)
      this.#refused = batch
      // A log that fails says that it is closed; what it failed of stands behind that.
      const why = error instanceof Error ? (error.cause ?? error) : error
      throw new LedgerError('failed', messageOf(why))
    }
    const hash = batch.seq === seq ? this.#tail.hash : toHex(this.#chain.hash)
    this.#tail = { ...this.#tail, seq: batch.seq, hash, bytes: batch.bytes }
    this.isUnsynced = !sync
    this.written += batch.seq - seq
  }

  /** Whether the open segment is full or old. */
  isRotationDue(): boolean {
    const { segment } = this.#options.config
    const { bytes, columns, openedMs } = this.#tail
    if (columns.rows < 2) return false
    return bytes >= segment.size || this.#options.clock.nowMs() - openedMs >= segment.age
  }

  /** Seals the open segment and starts the next. */
  async rotate(): Promise<void> {
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

  /**
   * Opens a log that has refused a batch again, and goes on from what it has. Call
   * {@link ChainEnd.resume} next.
   *
   * @returns The newest record that is in the log, of the refused batch or from before it.
   * @throws When records are gone that the log had taken, and what the log throws.
   */
  async findAgain(): Promise<{ readonly seq: number; readonly headerMissing: boolean }> {
    const { log, digest } = this.#options
    const before = this.#tail.seq
    await log.renew()
    const { tail, headerMissing } = await findTail(log, digest)
    if (tail.seq < before) throw new Error('records that were written are gone')
    this.#tail = tail
    const seq = Math.min(tail.seq, this.#refused?.seq ?? before)
    this.#refused = undefined
    this.written += seq - before
    return { seq, headerMissing }
  }

  /** Says in the chain that writing goes on, with how many records that nobody was told of. */
  async resume(headerMissing: boolean, unacknowledged: number): Promise<void> {
    if (headerMissing) await this.#writeHeader()
    await this.#writeOwn('ledger.recover', { unacknowledged })
  }

  async #writeHeader(): Promise<void> {
    await this.#writeOwn(OPEN_ACTION, { format: 1, previousHash: this.#tail.hash })
    this.#tail = { ...this.#tail, openedMs: this.#options.clock.nowMs() }
  }

  async #writeOwn(action: string, details: SystemEntry['details']): Promise<void> {
    const batch = this.begin()
    const entry = { kind: 'system', action, outcome: 'ok', details } as const
    const { json, fields } = encodeSystem(entry, this.#options.clock.nowMs())
    this.add(batch, json, fields)
    await this.commit(batch, true)
  }

  /** Notes a line of so many bytes that the chain has made. */
  #addLine(batch: Batch, length: number, fields: IndexedFields): void {
    this.#tail.columns.add(fields, batch.bytes)
    batch.bytes += length
    batch.seq += 1
  }
}
