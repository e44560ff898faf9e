import type { LogPosition, LogReader } from '../storage/index.ts'
import type { Digest } from './chain.ts'
import type { ChainFault, Checkpoint, FaultKind, OnProgress, VerifyReport } from './contract.ts'
import { createLinkHasher, GENESIS_HASH, parseRecord, readLink } from './chain.ts'
import { OPEN_ACTION, SEAL_ACTION, statedBefore } from './scan.ts'

/** Action of the record that says what retention has dropped. */
export const DROP_ACTION = 'retention.drop'

/** What {@link verifyChain} needs. */
export interface VerifyOptions {
  readonly log: LogReader
  readonly digest: Digest
  /** Where to stop: the newest record that the writer knows; default: the end of the log. */
  readonly until?: Checkpoint | undefined
  /** A point noted outside the ledger. */
  readonly checkpoint?: Checkpoint | undefined
  readonly onProgress?: OnProgress | undefined
}

const PROGRESS_RECORDS = 10_000
const LOOKAHEAD_RECORDS = 100_000

/**
 * Walks the chain from its oldest record and reports the first fault: record by record, `seq` must count up, and each
 * hash must follow from the previous one. The first segment may begin above 1 only if a later `retention.drop` record
 * says that the missing records were dropped.
 */
export async function verifyChain(options: VerifyOptions): Promise<VerifyReport> {
  const walk = new ChainWalk(options)
  const segments = (await options.log.segments()).filter((segment) => segment.bytes > 0)
  const bytesTotal = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  const progress = (): void =>
    options.onProgress?.({ records: walk.records, bytes: walk.bytes, bytesTotal })
  const oldest = segments[0]
  if (oldest !== undefined) {
    for await (const { position, frame } of options.log.read({
      segment: oldest.segment,
      offset: 0,
    })) {
      await walk.step(position, frame)
      if (walk.fault !== undefined || walk.arrived) break
      if (walk.records % PROGRESS_RECORDS === 0) progress()
    }
  }
  if (walk.fault === undefined) walk.finish(await options.log.tornBytes())
  progress()
  return walk.report()
}

/** The state of one walk along the chain. */
class ChainWalk {
  records = 0
  bytes = 0
  fault: ChainFault | undefined
  readonly #options: VerifyOptions
  readonly #hashOf: (previous: string, line: Uint8Array) => string
  #firstSeq = 0
  #firstPrevious = GENESIS_HASH
  #first: LogPosition = { segment: 0, offset: 0 }
  #anchored = true
  #seq = 0
  #hash = GENESIS_HASH
  #segments = 0
  #segment = -1
  #sealed = true
  #end: LogPosition = { segment: 0, offset: 0 }
  #checkpointSeen = false

  constructor(options: VerifyOptions) {
    this.#options = options
    this.#hashOf = createLinkHasher(options.digest)
  }

  /** Whether the record to stop at has been reached. */
  get arrived(): boolean {
    return this.#options.until !== undefined && this.#seq >= this.#options.until.seq
  }

  async step(position: LogPosition, frame: Uint8Array): Promise<void> {
    const expected = this.#seq + 1
    const link = readLink(frame)
    const starts = position.segment !== this.#segment
    if (starts && !this.#sealed) {
      this.#fail('truncated', expected, this.#end, 'a segment ends without its seal')
      return
    }
    if (link === undefined) {
      this.#fail('changed', expected, position, 'not a record')
      return
    }
    if (this.records === 0) {
      if (!this.#begin(position, frame, link.seq)) return
    } else if (link.seq !== expected) {
      await this.#misplaced(position, expected, link.seq)
      return
    }
    if (this.#hashOf(this.#hash, frame) !== link.hash) {
      this.#fail('changed', link.seq, position, 'the hash does not follow from the record')
      return
    }
    if (!this.#admit(starts, position, frame)) return
    this.#seq = link.seq
    this.#hash = link.hash
    this.records += 1
    this.bytes += frame.length + 1
    this.#end = { segment: position.segment, offset: position.offset + frame.length + 1 }
    this.#compareCheckpoint(position)
  }

  /** After the last record: checks that the required end was reached, and that the beginning is accounted for. */
  finish(tornBytes: number): void {
    const { checkpoint, until } = this.#options
    const next = this.#seq + 1
    if (until !== undefined && this.#seq < until.seq) {
      this.#fail('truncated', next, this.#end, `the log ends before record ${until.seq}`)
    } else if (until === undefined && tornBytes > 0) {
      this.#fail('truncated', next, this.#end, `${tornBytes} bytes of a torn record`)
    } else if (until !== undefined && this.#hash !== until.hash) {
      const detail = 'the chain was rewritten: its hash is not that of the newest record'
      this.#fail('checkpoint_mismatch', this.#seq, this.#end, detail)
    } else if (!this.#anchored) {
      const detail = `records before ${this.#firstSeq} are missing and no retention record says why`
      this.#fail('missing', this.#firstSeq - 1, this.#first, detail)
    } else if (checkpoint !== undefined && !this.#checkpointSeen) {
      this.#missCheckpoint(checkpoint)
    }
  }

  report(): VerifyReport {
    return {
      ok: this.fault === undefined,
      firstSeq: this.#firstSeq,
      lastSeq: this.#seq,
      lastHash: this.#hash,
      records: this.records,
      segments: this.#segments,
      bytes: this.bytes,
      fault: this.fault,
    }
  }

  /** Handles the oldest record, whose segment states the hash before it. */
  #begin(position: LogPosition, frame: Uint8Array, seq: number): boolean {
    const record = parseRecord(frame)
    const stated = statedBefore(record?.details)
    if (record?.action !== OPEN_ACTION) {
      this.#fail('missing', Math.max(1, seq - 1), position, 'the oldest segment has no header')
      return false
    }
    this.#firstSeq = seq
    this.#firstPrevious = stated
    this.#first = position
    this.#hash = stated
    this.#seq = seq - 1
    this.#anchored = seq === 1 && stated === GENESIS_HASH
    return true
  }

  /** Checks what a segment must begin with, and notes seals and anchors. */
  #admit(starts: boolean, position: LogPosition, frame: Uint8Array): boolean {
    if (starts) {
      const record = parseRecord(frame)
      if (record?.action !== OPEN_ACTION || statedBefore(record.details) !== this.#hash) {
        this.#fail('missing', this.#seq + 1, position, 'a segment begins without its header')
        return false
      }
      this.#segment = position.segment
      this.#segments += 1
    }
    const text = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
    this.#sealed = text.includes(SEAL_MARK) && isSeal(frame)
    if (!this.#anchored && text.includes(DROP_MARK)) this.#anchored = this.#isAnchor(frame)
    return true
  }

  #isAnchor(frame: Uint8Array): boolean {
    const record = parseRecord(frame)
    if (record?.kind !== 'system' || record.action !== DROP_ACTION) return false
    const { throughSeq, throughHash } = record.details ?? {}
    if (typeof throughSeq !== 'number') return false
    // The anchor may reach further than the records dropped, if the drop was interrupted.
    if (throughSeq >= this.#firstSeq) return true
    return throughSeq === this.#firstSeq - 1 && throughHash === this.#firstPrevious
  }

  /** Handles a record out of place: finds out whether the expected one is still to come. */
  async #misplaced(position: LogPosition, expected: number, found: number): Promise<void> {
    if (found < expected) {
      this.#fail(
        'reordered',
        expected,
        position,
        `record ${found} stands a second time or too late`,
      )
      return
    }
    let ahead = 0
    for await (const { frame } of this.#options.log.read(position)) {
      if (readLink(frame)?.seq === expected) {
        this.#fail('reordered', expected, position, `record ${found} comes before it`)
        return
      }
      ahead += 1
      if (ahead > LOOKAHEAD_RECORDS) break
    }
    this.#fail('missing', expected, position, `record ${found} follows`)
  }

  #compareCheckpoint(position: LogPosition): void {
    const { checkpoint } = this.#options
    if (checkpoint === undefined || checkpoint.seq !== this.#seq) return
    this.#checkpointSeen = true
    if (checkpoint.hash !== this.#hash) {
      const detail = 'the chain was rewritten: its hash is not that of the checkpoint'
      this.#fail('checkpoint_mismatch', this.#seq, position, detail)
    }
  }

  #missCheckpoint(checkpoint: Checkpoint): void {
    if (checkpoint.seq > this.#seq) {
      const detail = `the log ends before the checkpoint at ${checkpoint.seq}`
      this.#fail('truncated', this.#seq + 1, this.#end, detail)
    } else if (checkpoint.seq !== this.#firstSeq - 1) return
    else if (checkpoint.hash !== this.#firstPrevious) {
      const detail = 'the chain does not follow from the checkpoint'
      this.#fail('checkpoint_mismatch', this.#firstSeq, this.#first, detail)
    }
  }

  #fail(kind: FaultKind, seq: number, position: LogPosition, detail: string): void {
    const { segment, offset } = position
    this.fault ??= { kind, seq, segment, offset, detail }
  }
}

function isSeal(frame: Uint8Array): boolean {
  const record = parseRecord(frame)
  return record?.kind === 'system' && record.action === SEAL_ACTION
}

const SEAL_MARK = Buffer.from(`"action":"${SEAL_ACTION}"`)
const DROP_MARK = Buffer.from(`"action":"${DROP_ACTION}"`)
