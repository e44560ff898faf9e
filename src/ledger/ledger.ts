import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/error-message.ts'
import type { Log } from '../storage/index.ts'
import type { Digest } from './chain.ts'
import type { AuditConfig } from './config.ts'
import type { Ledger } from './contract.ts'
import { nodeDigest } from './chain.ts'
import { createIndexStore } from './index-store.ts'
import { createReader } from './reader.ts'
import { createRenewableLog } from './renewable-log.ts'
import { createAgeClock, findCut, recordBefore } from './retention.ts'
import { DROP_ACTION, verifyChain } from './verify.ts'
import { LedgerWriter } from './writer.ts'

/** What {@link createLedger} needs. */
export interface LedgerOptions {
  /**
   * The log, used by this ledger only, which closes it. It must not rotate by itself below the ledger's own segment
   * size (`segmentBytesMax: Infinity`).
   */
  readonly log: Log
  /** Reopens the log after a failure has closed it; without it, a failed ledger stays failed. */
  readonly reopenLog?: () => Promise<Log>
  readonly clock: Clock
  readonly config: AuditConfig
  /** Folder for index files; without it, indexes of sealed segments are rebuilt after a start. */
  readonly indexFolder?: string
  /** SHA-256; default: that of node:crypto. A runtime's own may be faster. */
  readonly digest?: Digest
}

const RETENTION_EVERY_MS = 3_600_000

/**
 * Opens the audit log: finds the end of the chain, heals a torn tail, and continues from there. See
 * docs/guides/audit.md for the format.
 */
export async function createLedger(options: LedgerOptions): Promise<Ledger> {
  const { clock, config, digest = nodeDigest } = options
  const log = createRenewableLog(options.log, options.reopenLog)
  const index = createIndexStore({
    log,
    digest,
    folder: options.indexFolder,
    memoryBytes: config.indexMemory,
  })
  const { writer, opening } = await LedgerWriter.open({ log, clock, config, digest, index }).catch(
    async (error: unknown) => {
      await log.close().catch(() => undefined)
      throw error
    },
  )
  const recordsTraffic = config.traffic.enabled
  const { allowedOneIn } = config.traffic
  let untilRecorded = 1
  let readers = 0
  let retainAtMs = clock.monotonicMs()
  let retaining: Promise<number> | undefined
  let retentionFailure: string | undefined
  const ageNowMs = createAgeClock(clock)

  const hold = (): (() => void) => {
    let held = true
    readers += 1
    return () => {
      if (held) readers -= 1
      held = false
    }
  }

  const drop = async (): Promise<number> => {
    if (readers > 0 || writer.status !== 'open') return 0
    const segments = await log.segments()
    const cut = await findCut(config.retention, segments, index, ageNowMs())
    const last = cut === undefined ? undefined : await recordBefore(log, cut)
    if (cut === undefined || last === undefined) return 0
    const details = { throughSeq: last.seq, throughHash: last.hash, firstSegment: cut }
    await writer.system(DROP_ACTION, 'ok', details)
    const dropped = await log.dropBefore(cut)
    await index.drop(cut)
    return dropped
  }
  const retain = async (): Promise<number> => {
    retaining ??= drop().finally(() => {
      retaining = undefined
    })
    return retaining
  }
  const retainInTime = async (): Promise<void> => {
    try {
      await retain()
      retentionFailure = undefined
    } catch (error) {
      retentionFailure = messageOf(error)
    }
  }

  const tick = (): void => {
    void writer.pump()
    if (clock.monotonicMs() < retainAtMs) return
    retainAtMs = clock.monotonicMs() + RETENTION_EVERY_MS
    void retainInTime()
  }
  const timer = setInterval(tick, config.flushInterval)
  timer.unref()

  const readerOptions = { log, index, hold, tail: () => writer.tail }
  return {
    opening,
    record(entry) {
      if (!recordsTraffic) return
      if (allowedOneIn > 1 && entry.outcome === 'allow') {
        untilRecorded -= 1
        if (untilRecorded > 0) return
        untilRecorded = allowedOneIn
      }
      writer.record(entry)
    },
    drop: (count) => writer.gap.add(count),
    append: async (entry) => writer.append(entry),
    tenant(tenantId) {
      if (tenantId === '') throw new RangeError('a tenant id is required')
      return createReader(readerOptions, tenantId)
    },
    across: () => createReader(readerOptions, undefined),
    async verify(verifyOptions = {}) {
      const release = hold()
      try {
        await writer.pump()
        const { seq, hash } = writer.tail
        return await verifyChain({ log, digest, until: { seq, hash }, ...verifyOptions })
      } finally {
        release()
      }
    },
    checkpoint: () => ({ seq: writer.tail.seq, hash: writer.tail.hash }),
    retain,
    flush: async () => writer.flush(true),
    state: () => ({
      status: writer.status,
      reason: writer.reason,
      retentionFailure,
      seq: writer.tail.seq,
      queued: writer.queued,
      dropped: writer.gap.total,
      written: writer.written,
    }),
    async close() {
      clearInterval(timer)
      await retaining?.catch(() => 0)
      await writer.close()
      await log.close()
    },
  }
}
