import type { Batch, ChainEndOptions } from './chain-end.ts'
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
import { createDetailWriter } from './redact.ts'
import { TrafficQueue } from './traffic-queue.ts'

interface Pending {
  /** The record without `seq` and `hash`. */
  readonly json: string
  readonly fields: IndexedFields
  readonly resolve: (seq: number) => void
  readonly reject: (error: LedgerError) => void
}

/** A batch with what its records are for. */
interface Write {
  readonly batch: Batch
  readonly acknowledged: readonly { readonly pending: Pending; readonly seq: number }[]
  readonly hasGap: boolean
  /** Requests: the newest of the records. */
  readonly traffic: number
}

/** So many waiting requests are worth a write. */
const WRITE_FROM = 100
const TRAFFIC_PER_WRITE = 1600
const GAP_CHARS_MAX = 300
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
  reason: string | undefined
  readonly #options: ChainEndOptions
  readonly #end: ChainEnd
  readonly #writeDetails: DetailWriter
  #status: 'open' | 'failed' | 'closed' = 'open'
  #acknowledged: Pending[] = []
  #pumping: Promise<void> | undefined
  #woken = false
  #syncWanted = false
  #recoverAtMs = 0
  /** What failed: its records are found again, or lost. */
  #unconfirmed: Write | undefined

  private constructor(options: ChainEndOptions, end: ChainEnd) {
    this.#options = options
    this.#end = end
    this.queue = new TrafficQueue(options.config)
    this.gap = new Gap(options.clock)
    this.#writeDetails = createDetailWriter(options.config.details)
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

  /** The newest record that the log has taken. */
  get tail(): Tail {
    return this.#end.tail
  }

  /** Records that the log has taken since the start. */
  get written(): number {
    return this.#end.written
  }

  /** Takes a request in; never waits. */
  record(entry: TrafficEntry): void {
    if (this.#status !== 'open' || !this.queue.push(entry)) {
      this.gap.add(1)
      return
    }
    if (this.queue.length >= WRITE_FROM && !this.#woken && this.#pumping === undefined) this.#wake()
  }

  /** Resolves with the sequence number once the record is on disk. */
  async append(entry: AdminEntry): Promise<number> {
    const timeMs = this.#options.clock.nowMs()
    const json = encodeAdmin(entry, timeMs, this.#writeDetails)
    return this.#enqueue(json, indexFields({ ...entry, timeMs }))
  }

  /** As {@link LedgerWriter.append}, for records of the ledger's own. */
  async system(
    action: string,
    outcome: SystemEntry['outcome'],
    details: SystemEntry['details'],
  ): Promise<number> {
    const entry = { kind: 'system', action, outcome, details } as const
    const { json, fields } = encodeSystem(entry, this.#options.clock.nowMs())
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
    this.#pumping ??= this.#run(1)
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
      this.#pumping ??= this.#run(WRITE_FROM)
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

  /** @param trafficFrom so many waiting requests are work; whoever wants them on disk wants all of them there. */
  #hasWork(trafficFrom = 1): boolean {
    return (
      this.#status === 'failed' ||
      this.#acknowledged.length > 0 ||
      this.queue.length >= (this.#syncWanted ? 1 : trafficFrom) ||
      this.gap.pending > 0 ||
      (this.#syncWanted && this.#end.isUnsynced) ||
      this.#rotationDue()
    )
  }

  /** What comes while it writes waits for the next time, until it is worth a write again. */
  async #run(trafficFrom: number): Promise<void> {
    // Whoever calls in the same turn shares the first write.
    await Promise.resolve()
    try {
      while (this.#hasWork(trafficFrom)) {
        if (this.#status === 'failed' && !(await this.#recover())) {
          this.#refuseQueue('failed', this.reason ?? 'the log failed')
          this.gap.add(this.queue.clear())
          return
        }
        await (this.#rotationDue() ? this.#end.rotate() : this.#write())
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
    return this.#status === 'open' && this.#end.isRotationDue()
  }

  async #write(): Promise<void> {
    const write = this.#assemble()
    const sync = this.#syncWanted || write.acknowledged.length > 0
    try {
      await this.#end.commit(write.batch, sync)
      if (write.hasGap) this.gap.confirm()
      for (const { pending, seq } of write.acknowledged) pending.resolve(seq)
    } catch (error) {
      this.#unconfirmed = write
      this.#fail(error)
      const refusal = new LedgerError('failed', messageOf(error))
      for (const { pending } of write.acknowledged) pending.reject(refusal)
    }
    if (sync && this.queue.length === 0) this.#syncWanted = false
  }

  #assemble(): Write {
    const end = this.#end
    const batch = end.begin()
    const acknowledged = []
    while (acknowledged.length < ADMIN_PER_WRITE) {
      const pending = this.#acknowledged[0]
      if (pending === undefined || !end.fits(pending.json.length)) break
      this.#acknowledged.shift()
      end.add(batch, pending.json, pending.fields)
      acknowledged.push({ pending, seq: batch.seq })
    }
    const hasGap = this.gap.pending > 0 && end.fits(GAP_CHARS_MAX)
    if (hasGap) {
      const { json, fields } = encodeSystem(this.gap.take(), this.#options.clock.nowMs())
      end.add(batch, json, fields)
    }
    let traffic = 0
    while (traffic < TRAFFIC_PER_WRITE && end.addOldest(batch, this.queue)) traffic += 1
    return { batch, acknowledged, hasGap, traffic }
  }

  #fail(error: unknown): void {
    this.reason = messageOf(error)
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
    const { clock } = this.#options
    if (clock.monotonicMs() < this.#recoverAtMs) return false
    this.#recoverAtMs = clock.monotonicMs() + RECOVER_AFTER_MS
    const before = this.#end.tail.seq
    try {
      const { seq, headerMissing } = await this.#end.findAgain()
      this.#status = 'open'
      this.#settleUnconfirmed(seq)
      await this.#end.resume(headerMissing, seq - before)
    } catch (error) {
      this.#fail(error)
      return false
    }
    this.reason = undefined
    return true
  }

  /** Counts what a failed write lost. `seq` is the newest of its records that is in the log. */
  #settleUnconfirmed(seq: number): void {
    if (this.#unconfirmed === undefined) return
    const { batch, traffic, hasGap } = this.#unconfirmed
    this.#unconfirmed = undefined
    const trafficFrom = batch.seq - traffic
    this.gap.add(batch.seq - Math.max(seq, trafficFrom))
    if (hasGap && seq >= trafficFrom) this.gap.confirm()
  }
}
