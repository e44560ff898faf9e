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
/** A record with this many characters always fits: each takes at most three bytes. */
const TEXT_CHARS_MAX = RECORD_BYTES_MAX / 4
const NOTHING = new Uint8Array(0)

/**
 * The end of the chain: records are chained to it as they arrive and wait as finished lines, which are committed to the
 * log one piece at a time. After the log has refused a piece, nothing may be added until {@link ChainEnd.findAgain} has
 * found out what the log has; lines chained after that are lost.
 */
export class ChainEnd {
  /** How many records the log has accepted since the start. */
  written = 0
  readonly backlog: Backlog
  readonly #options: ChainEndOptions
  readonly #chain: ChainWriter
  readonly #encoder: TrafficEncoder
  /** What the log has accepted. */
  #tail: Tail
  /** The newest record, and the bytes, index and time of the first record of its segment. */
  #seq: number
  #bytes: number
  #columns: RecordColumns
  #openedMs: number
  /** Sequence numbers of waiting records that are not requests. */
  #others: number[] = []
  /** Up to this record all is on disk. */
  #synced: number
  /** The newest record of the piece that the log refused. */
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

  /** The newest record that the log has accepted. */
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

  /** Chains a request; `false` if too many are waiting, or it is too long. */
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
   * @param isAwaited - Whether a caller waits until it is on disk.
   * @returns Its sequence number.
   */
  add(json: string, fields: IndexedFields, isAwaited: boolean): number {
    if (this.isSegmentDue()) this.turnSegment()
    this.#addOther(json, fields).isAwaited ||= isAwaited
    return this.#seq
  }

  /** Like {@link ChainEnd.add}, for a record of the ledger itself that nobody waits for. */
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

  /** Seals the newest segment: whatever is added from now on is in the next one. */
  turnSegment(): void {
    this.#addOwn(SEAL_ACTION, { records: this.#columns.rows + 1 })
    this.#columns = new RecordColumns(this.#seq + 1)
    this.#bytes = 0
    this.#openedMs = this.#options.clock.nowMs()
    this.backlog.close({ columns: this.#columns, openedMs: this.#openedMs })
    this.#addHeader()
  }

  /**
   * Commits the oldest piece to the log; without one, it only brings to disk what was committed before.
   *
   * @param syncTo - Every record up to this one must be on disk afterward.
   * @throws LedgerError `failed` when the log throws; it is then unknown which of the records the log has.
   */
  async commit(syncTo: number): Promise<void> {
    const piece = this.backlog.take()
    try {
      if (piece === undefined) await this.#append(NOTHING, true)
      else await this.#commit(piece, syncTo)
    } catch (error) {
      this.#refusedSeq = piece?.seq ?? this.#tail.seq
      // A failed log says that it is closed; the reason for the failure is its cause.
      const why = error instanceof Error ? (error.cause ?? error) : error
      throw new LedgerError('failed', messageOf(why))
    } finally {
      if (piece !== undefined) this.backlog.release(piece)
    }
  }

  /** After a refusal: forgets what was chained after the refused piece. Returns how many requests those were. */
  giveUp(): number {
    const lost = this.backlog.requests
    const kept = this.#refusedSeq ?? this.#tail.seq
    this.backlog.clear()
    this.#seq = kept
    this.#others = this.#others.filter((seq) => seq <= kept)
    return lost
  }

  /**
   * Reopens a log that refused a piece, and continues from what the log has. Call {@link ChainEnd.resume} next.
   *
   * @returns The newest record in the log, and how many of the chained requests are lost.
   * @throws When records that the log had accepted are gone; also whatever the log throws.
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
    if (isCut || tail.seq < before.seq) throw new Error('records that had been written are gone')
    const seq = Math.min(tail.seq, this.#seq)
    const lost = this.#seq - seq - this.#others.filter((other) => other > seq).length
    this.written += seq - before.seq
    this.#goOnFrom(tail)
    return { seq, lost, headerMissing }
  }

  /** Records in the chain that writing continues, and how many of its records were never acknowledged. */
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
    if (lines.length > 0 && elsewhere) throw new Error('someone else has written to the log')
    if (sync) this.#synced = this.#tail.seq
  }

  /** Begins the next segment, once the log has accepted the last record of the previous one. */
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
