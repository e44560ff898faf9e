import type { Clock } from '../core/clock.ts'
import type { NextSegment, Piece } from './backlog.ts'
import type { Digest } from './chain.ts'
import type { AuditConfig } from './config.ts'
import type { IndexedFields, SystemEntry } from './encode.ts'
import type { IndexStore } from './index-store.ts'
import type { TrafficEntry } from './record.ts'
import type { RenewableLog } from './renewable-log.ts'
import type { FoundTail, Tail } from './tail.ts'
import { messageOf } from '../core/error-message.ts'
import { toHex } from '../core/bytes.ts'
import { Backlog } from './backlog.ts'
import { ChainWriter, lastHash } from './chain.ts'
import { RecordColumns } from './columns.ts'
import { encodeSystem, putRecordStart, recordStart } from './encode.ts'
import { LedgerError } from './ledger-error.ts'
import { OPEN_ACTION, SEAL_ACTION } from './scan.ts'
import { findTail } from './tail.ts'
import { TrafficEncoder } from './traffic-encoder.ts'

/** What {@link ChainEnd} needs. */
export interface ChainEndOptions {
  readonly log: RenewableLog
  readonly clock: Clock
  readonly config: AuditConfig
  readonly digest: Digest
  readonly index: IndexStore
}

const RECORD_BYTES_MAX = 1 << 20
/** Characters of a record that surely fit: each takes three bytes at most. */
const TEXT_CHARS_MAX = RECORD_BYTES_MAX / 4
const NOTHING = new Uint8Array(0)

/**
 * The end of the chain: records are chained to it as they come and wait as finished lines, a piece of them is
 * committed to the log at a time. After the log has refused one, nothing must be added until
 * {@link ChainEnd.findAgain} has found out what it has, and what was chained to that is lost.
 */
export class ChainEnd {
  /** Records that the log has taken since the start. */
  written = 0
  readonly backlog: Backlog
  readonly #options: ChainEndOptions
  readonly #chain: ChainWriter
  readonly #encoder: TrafficEncoder
  /** What the log has taken. */
  #tail: Tail
  /** The newest record, and of its segment the bytes, the index and the time of the first record. */
  #seq: number
  #bytes: number
  #columns: RecordColumns
  #openedMs: number
  /** Sequence numbers of records that wait and are not requests. */
  #others: number[] = []
  /** Up to this record all is on disk. */
  #synced: number
  /** The newest record of the piece that the log has refused. */
  #refusedSeq: number | undefined

  private constructor(options: ChainEndOptions, tail: Tail) {
    this.#options = options
    this.#chain = new ChainWriter(options.digest, RECORD_BYTES_MAX)
    this.#encoder = new TrafficEncoder(options.config)
    this.backlog = new Backlog(options.config.traffic.queue)
    this.#tail = tail
    this.#seq = tail.seq
    this.#synced = tail.seq
    this.#bytes = tail.bytes
    this.#columns = tail.columns
    this.#openedMs = tail.openedMs
    this.#chain.hash.set(Buffer.from(tail.hash, 'hex'))
  }

  /** Finds the end of the chain, heals it, and starts the first or next segment when due. */
  static async open(options: ChainEndOptions): Promise<{ end: ChainEnd; found: FoundTail }> {
    const found = await findTail(options.log, options.digest)
    const end = new ChainEnd(options, found.tail)
    if (found.headerMissing) {
      end.#addHeader()
      await end.commit(end.seq)
    }
    return { end, found }
  }

  /** The newest record that the log has taken. */
  get tail(): Tail {
    return this.#tail
  }

  /** The newest record that is chained. */
  get seq(): number {
    return this.#seq
  }

  /** Up to this record all is on disk. */
  get synced(): number {
    return this.#synced
  }

  /** Chains a request; `false` when too many wait, or it is too long. */
  addRequest(entry: TrafficEntry): boolean {
    const { backlog } = this
    if (backlog.isFull) return false
    if (this.#bytes >= this.#options.config.segment.size) this.turnSegment()
    const chain = this.#chain
    const encoder = this.#encoder
    const start = putRecordStart(chain.bytes, this.#seq + 1, chain.start)
    let end = encoder.encodeInto(entry, chain.bytes, start)
    if (end < 0) {
      const text = encoder.encode(entry)
      if (text.length > TEXT_CHARS_MAX) return false
      end = chain.put(text, start)
    }
    this.#addLine(chain.seal(end), encoder.fields).requests += 1
    backlog.requests += 1
    return true
  }

  /**
   * Chains a record that is not a request.
   *
   * @param json - The record without `seq` and `hash`, of at most a quarter of 2^20 characters.
   * @param isAwaited - Somebody waits until it is on disk.
   * @returns Its sequence number.
   */
  add(json: string, fields: IndexedFields, isAwaited: boolean): number {
    if (this.isSegmentDue()) this.turnSegment()
    this.#addOther(json, fields).isAwaited ||= isAwaited
    return this.#seq
  }

  /** As {@link ChainEnd.add}, for a record of the ledger's own that nobody waits for. */
  addSystem(entry: SystemEntry): number {
    const { json, fields } = encodeSystem(entry, this.#options.clock.nowMs())
    return this.add(json, fields, false)
  }

  /** Whether the newest segment is full or old. */
  isSegmentDue(): boolean {
    const { segment } = this.#options.config
    if (this.#columns.rows < 2) return false
    return (
      this.#bytes >= segment.size || this.#options.clock.nowMs() - this.#openedMs >= segment.age
    )
  }

  /** Seals the newest segment: what is added from now on lies in the next. */
  turnSegment(): void {
    this.#addOwn(SEAL_ACTION, { records: this.#columns.rows + 1 })
    this.#columns = new RecordColumns(this.#seq + 1)
    this.#bytes = 0
    this.#openedMs = this.#options.clock.nowMs()
    this.backlog.close({ columns: this.#columns, openedMs: this.#openedMs })
    this.#addHeader()
  }

  /**
   * Commits the oldest piece to the log, or nothing, to have on disk what was committed before.
   *
   * @param syncTo - Up to this record all is wanted on disk.
   * @throws LedgerError `failed`, when the log throws: which of the records it has then is not known.
   */
  async commit(syncTo: number): Promise<void> {
    const piece = this.backlog.take()
    try {
      if (piece === undefined) await this.#append(NOTHING, true)
      else await this.#commit(piece, syncTo)
    } catch (error) {
      this.#refusedSeq = piece?.seq ?? this.#tail.seq
      // A log that fails says that it is closed; what it failed of stands behind that.
      const why = error instanceof Error ? (error.cause ?? error) : error
      throw new LedgerError('failed', messageOf(why))
    } finally {
      if (piece !== undefined) this.backlog.release(piece)
    }
  }

  /** After a refusal: forgets what was chained behind the refused piece. Returns how many requests that were. */
  giveUp(): number {
    const lost = this.backlog.requests
    const kept = this.#refusedSeq ?? this.#tail.seq
    this.backlog.clear()
    this.#seq = kept
    this.#others = this.#others.filter((seq) => seq <= kept)
    return lost
  }

  /**
   * Opens a log that has refused a piece again, and goes on from what it has. Call {@link ChainEnd.resume} next.
   *
   * @returns The newest record that is in the log, and how many requests are lost of those that were chained.
   * @throws When records are gone that the log had taken, and what the log throws.
   */
  async findAgain(): Promise<{
    readonly seq: number
    readonly lost: number
    readonly headerMissing: boolean
  }> {
    const { log, digest } = this.#options
    const before = this.#tail
    await log.renew()
    const { tail, headerMissing } = await findTail(log, digest)
    const isCut = tail.segment === before.segment && tail.bytes < before.bytes
    if (isCut || tail.seq < before.seq) throw new Error('records that were written are gone')
    const seq = Math.min(tail.seq, this.#seq)
    const lost = this.#seq - seq - this.#others.filter((other) => other > seq).length
    this.written += seq - before.seq
    this.#goOnFrom(tail)
    return { seq, lost, headerMissing }
  }

  /** Says in the chain that writing goes on, with how many records that nobody was told of. */
  async resume(headerMissing: boolean, unacknowledged: number): Promise<void> {
    if (headerMissing) this.#addHeader()
    this.#addOwn('ledger.recover', { unacknowledged })
    await this.commit(this.#seq)
  }

  #goOnFrom(tail: Tail): void {
    this.#others = []
    this.#refusedSeq = undefined
    this.#tail = tail
    this.#seq = tail.seq
    this.#synced = 0
    this.#bytes = tail.bytes
    this.#columns = tail.columns
    this.#openedMs = tail.openedMs
    this.#chain.hash.set(Buffer.from(tail.hash, 'hex'))
  }

  async #commit(piece: Piece, syncTo: number): Promise<void> {
    const { seq, bytes } = this.#tail
    const sync = piece.isAwaited || (syncTo > this.#synced && piece.seq >= syncTo)
    await this.#append(piece.bytes.subarray(0, piece.used), sync)
    const hash = lastHash(piece.bytes, piece.used)
    this.#tail = { ...this.#tail, seq: piece.seq, hash, bytes: bytes + piece.used }
    if (sync) this.#synced = piece.seq
    this.written += piece.seq - seq
    while (this.#others.length > 0 && this.#others[0]! <= piece.seq) this.#others.shift()
    if (piece.next !== undefined) await this.#rotate(piece.next)
  }

  async #append(lines: Uint8Array, sync: boolean): Promise<void> {
    const { segment, bytes } = this.#tail
    const position = await this.#options.log.appendLines(lines, { sync })
    const elsewhere = position.segment !== segment || position.offset !== bytes
    if (lines.length > 0 && elsewhere) throw new Error('the log was written by someone else')
    if (sync) this.#synced = this.#tail.seq
  }

  /** The log has taken the last record of its segment. */
  async #rotate({ columns, openedMs }: NextSegment): Promise<void> {
    const { log, index } = this.#options
    const sealed = this.#tail
    await log.rotate()
    this.#synced = sealed.seq
    const open = (await log.segments()).at(-1)?.segment ?? sealed.segment + 1
    this.#tail = { ...sealed, segment: open, bytes: 0, columns, openedMs }
    const { segment, bytes } = sealed
    await index.seal({ segment, bytes, sealed: true }, sealed.columns)
  }

  #addHeader(): void {
    this.#openedMs = this.#options.clock.nowMs()
    this.#addOwn(OPEN_ACTION, { format: 1, previousHash: toHex(this.#chain.hash) })
  }

  #addOwn(action: string, details: SystemEntry['details']): void {
    const entry = { kind: 'system', action, outcome: 'ok', details } as const
    const { json, fields } = encodeSystem(entry, this.#options.clock.nowMs())
    this.#addOther(json, fields)
  }

  #addOther(json: string, fields: IndexedFields): Piece {
    const piece = this.#addLine(this.#chain.line(recordStart(this.#seq + 1) + json), fields)
    piece.isPressing = true
    this.#others.push(this.#seq)
    return piece
  }

  #addLine(line: Uint8Array, fields: IndexedFields): Piece {
    const piece = this.backlog.add(line)
    this.#columns.add(fields, this.#bytes)
    this.#bytes += line.length
    this.#seq += 1
    piece.seq = this.#seq
    return piece
  }
}
