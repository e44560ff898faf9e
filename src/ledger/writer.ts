import type { ChainEndOptions } from './chain-end.ts'
import type { OpeningReport } from './contract.ts'
import type { IndexedFields, SystemEntry } from './encode.ts'
import type { AdminEntry, TrafficEntry } from './record.ts'
import type { DetailWriter } from './redact.ts'
import type { Tail } from './tail.ts'
import { messageOf } from '../core/error-message.ts'
import { ChainEnd } from './chain-end.ts'
import { encodeAdmin, encodeSystem, indexFields } from './encode.ts'
import { Gap } from './gap.ts'
import { LedgerError } from './ledger-error.ts'
import { Pace } from './pace.ts'
import { createDetailWriter } from './redact.ts'

interface Pending {
  /** The record without `seq` and `hash`. */
  readonly json: string
  readonly fields: IndexedFields
  readonly resolve: (seq: number) => void
  readonly reject: (error: LedgerError) => void
}

/** A chained record that waits for the disk. */
interface Chained {
  readonly pending: Pending
  readonly seq: number
}

const ENTRY_CHARS_MAX = 262_144
const ADMIN_PER_WRITE = 256
const RECOVER_AFTER_MS = 1000

/**
 * Writes the chain: requests are chained as they arrive, admin records when a write begins, and only one write is under
 * way at a time. Everything that waits meanwhile shares the next write and its fsync. If the disk refuses, admin
 * records are refused and requests are only counted; the writer then reads the log again, chains to what is there, and
 * marks the gap.
 */
export class LedgerWriter {
  readonly gap: Gap
  reason: string | undefined
  readonly #options: ChainEndOptions
  readonly #end: ChainEnd
  readonly #writeDetails: DetailWriter
  readonly #pace: Pace
  #status: 'open' | 'failed' | 'closed' = 'open'
  /** Records that a caller waits for: those not chained yet, and those not on disk yet. */
  #acknowledged: Pending[] = []
  #chained: Chained[] = []
  /** Sequence number of the waiting gap record, or 0. */
  #gapSeq = 0
  #pumping: Promise<void> | undefined
  /** Every record up to these must get into the log, and to disk. */
  #writeTo = 0
  #syncTo = 0
  #recoverAtMs = 0

  private constructor(options: ChainEndOptions, end: ChainEnd) {
    this.#options = options
    this.#end = end
    this.gap = new Gap(options.clock)
    this.#writeDetails = createDetailWriter(options.config.details)
    this.#pace = new Pace(options.clock, () => void this.pump())
  }

  /** Finds the end of the chain, heals it, and starts the first or next segment when due. */
  static async open(
    options: ChainEndOptions,
  ): Promise<{ writer: LedgerWriter; opening: OpeningReport }> {
    const { end, found } = await ChainEnd.open(options)
    const writer = new LedgerWriter(options, end)
    const { healedBytes, fault } = found
    if (healedBytes > 0) await writer.system('ledger.heal', 'ok', { healedBytes })
    if (fault !== undefined) {
      const { kind, seq, segment, offset } = fault
      await writer.system('ledger.fault', 'failed', { kind, seq, segment, offset })
    }
    return { writer, opening: { seq: writer.tail.seq, healedBytes, fault } }
  }

  get status(): 'open' | 'failed' | 'closed' {
    return this.#status
  }

  /** The newest record that the log has accepted. */
  get tail(): Tail {
    return this.#end.tail
  }

  /** How many records the log has accepted since the start. */
  get written(): number {
    return this.#end.written
  }

  /** How many requests wait. */
  get queued(): number {
    return this.#end.backlog.requests
  }

  /** Accepts a request; never waits. */
  record(entry: TrafficEntry): void {
    if (this.#status !== 'open' || !this.#end.addRequest(entry)) {
      this.gap.add(1)
      return
    }
    if (this.#pumping === undefined) this.#pace.waiting(this.queued)
  }

  /** Resolves with the sequence number once the record is on disk. */
  async append(entry: AdminEntry): Promise<number> {
    const timeMs = this.#options.clock.nowMs()
    const json = encodeAdmin(entry, timeMs, this.#writeDetails)
    return this.#enqueue(json, indexFields({ ...entry, timeMs }))
  }

  /** Like {@link LedgerWriter.append}, for records of the ledger itself. */
  async system(
    action: string,
    outcome: SystemEntry['outcome'],
    details: SystemEntry['details'],
  ): Promise<number> {
    const entry = { kind: 'system', action, outcome, details } as const
    const { json, fields } = encodeSystem(entry, this.#options.clock.nowMs())
    return this.#enqueue(json, fields)
  }

  /** Writes everything queued; with `sync`, resolves when it is on disk. */
  async flush(sync: boolean): Promise<void> {
    if (sync) this.#syncTo = this.#end.seq
    await this.pump()
    if (this.#status === 'failed') throw new LedgerError('failed', this.reason ?? 'the log failed')
  }

  /** Writes everything that waits at the time of the call. Never rejects. */
  async pump(): Promise<void> {
    this.#writeTo = this.#end.seq
    if (this.#pumping !== undefined) {
      await this.#pumping
      if (this.#pumping !== undefined || !this.#hasWork()) return this.#pumping
    }
    this.#pumping ??= this.#run()
    return this.#pumping
  }

  /** Writes what is left; afterward, appends are refused. */
  async close(): Promise<void> {
    do {
      this.#syncTo = this.#end.seq
      await this.pump()
    } while (this.#status === 'open' && this.#end.synced < this.#end.seq)
    this.#status = 'closed'
    this.#refuseQueue('closed', 'the ledger is closed')
  }

  async #enqueue(json: string, fields: IndexedFields): Promise<number> {
    if (this.#status === 'closed') throw new LedgerError('closed', 'the ledger is closed')
    if (json.length > ENTRY_CHARS_MAX) {
      throw new LedgerError(
        'too_large',
        `an audit record may have at most ${ENTRY_CHARS_MAX} characters`,
      )
    }
    return new Promise<number>((resolve, reject) => {
      this.#acknowledged.push({ json, fields, resolve, reject })
      void this.pump()
    })
  }

  #hasWork(): boolean {
    const end = this.#end
    return (
      this.#status === 'failed' ||
      this.#acknowledged.length > 0 ||
      (this.gap.pending > 0 && this.#gapSeq === 0) ||
      end.backlog.isPressing ||
      this.#pace.isOver(end.backlog.requests) ||
      this.#writeTo > end.tail.seq ||
      this.#syncTo > end.synced ||
      this.#isSegmentDue()
    )
  }

  /** Writes until little is left: what arrives during a write waits for the next one, unless it is very much. */
  async #run(): Promise<void> {
    // Calls in the same turn share the first write.
    await Promise.resolve()
    try {
      while (this.#hasWork()) {
        if (this.#status === 'failed' && !(await this.#recover())) {
          this.#refuseQueue('failed', this.reason ?? 'the log failed')
          return
        }
        await this.#write()
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#pumping = undefined
    }
    this.#pace.waiting(this.queued)
  }

  #isSegmentDue(): boolean {
    return this.#status === 'open' && this.#end.isSegmentDue()
  }

  async #write(): Promise<void> {
    this.#pace.began()
    this.#chainWaiting()
    await this.#end.commit(this.#syncTo)
    this.#settle(this.#end.tail.seq)
  }

  /** Chains the waiting records that are not requests. */
  #chainWaiting(): void {
    const end = this.#end
    if (end.isSegmentDue()) end.turnSegment()
    if (this.gap.pending > 0 && this.#gapSeq === 0) this.#gapSeq = end.addSystem(this.gap.take())
    for (const pending of this.#acknowledged.splice(0, ADMIN_PER_WRITE)) {
      this.#chained.push({ pending, seq: end.add(pending.json, pending.fields, true) })
    }
  }

  /** Acknowledges records: the log has everything chained up to `seq`, and what is awaited is on disk. */
  #settle(seq: number): void {
    if (this.#gapSeq > 0 && this.#gapSeq <= seq) {
      this.gap.confirm()
      this.#gapSeq = 0
    }
    while (this.#chained.length > 0 && this.#chained[0]!.seq <= seq) {
      const { pending, seq: own } = this.#chained.shift()!
      pending.resolve(own)
    }
  }

  /** Gives up what is chained after the refused piece; what became of the piece itself is found out by recovering. */
  #fail(error: unknown): void {
    this.reason = messageOf(error)
    this.gap.add(this.#end.giveUp())
    this.#writeTo = 0
    this.#syncTo = 0
    if (this.#status === 'open') {
      this.#status = 'failed'
      this.#recoverAtMs = this.#options.clock.monotonicMs() + RECOVER_AFTER_MS
    }
    this.#refuseQueue('failed', this.reason)
  }

  #refuseQueue(code: 'failed' | 'closed', message: string): void {
    const refused = [...this.#chained.map(({ pending }) => pending), ...this.#acknowledged]
    this.#chained = []
    this.#acknowledged = []
    for (const pending of refused) pending.reject(new LedgerError(code, message))
  }

  /** Reads the log again; `true` if writing can continue. */
  async #recover(): Promise<boolean> {
    const { clock } = this.#options
    if (clock.monotonicMs() < this.#recoverAtMs) return false
    this.#recoverAtMs = clock.monotonicMs() + RECOVER_AFTER_MS
    const before = this.#end.tail.seq
    try {
      const { seq, lost, headerMissing } = await this.#end.findAgain()
      this.#status = 'open'
      this.gap.add(lost)
      if (this.#gapSeq > 0 && this.#gapSeq <= seq) this.gap.confirm()
      this.#gapSeq = 0
      this.#writeTo = 0
      this.#syncTo = 0
      await this.#end.resume(headerMissing, seq - before)
    } catch (error) {
      this.#fail(error)
      return false
    }
    this.reason = undefined
    return true
  }
}
