import { setImmediate } from 'node:timers/promises'
import type { Records } from '../../storage/index.ts'
import { updatePresent } from '../../storage/index.ts'
import { useCollection } from '../collections.ts'
import type { CredentialTable, CredentialUse } from './credential-table.ts'

/** How many uses of entries that have left the table are kept; more are forgotten. */
const LEFT_MAX = 100_000
/**
 * How many rows are written in one turn of the event loop: this takes half a millisecond, plus the time of the disk.
 */
const ROWS_MAX = 64
/** How many rows a transaction has if there is nothing else to do. */
const DRAINED_ROWS_MAX = 5000
/** The whole table is examined in this many flushes, or in more if much is due. */
const FLUSHES_PER_ROUND = 10
const LOOKED_AT_MIN = 1024

/** Keeps the last uses of credentials until they are written, a few rows at a time. */
export interface Uses {
  /** Notes the use of an entry that leaves the table. */
  left(use: CredentialUse): void
  /** The last use of a credential that has left the table, if not written yet; 0 for none. */
  unwrittenMs(id: string): number
  /**
   * Writes the next uses that are due, at most 64 rows; resolves with whether more may be due. Calls must not overlap.
   */
  flush(table: CredentialTable, nowMs: number): Promise<boolean>
  /** Writes everything. */
  drain(table: CredentialTable): Promise<void>
}

/**
 * Creates {@link Uses}. Uses that have left the table are written first, in the order in which they left.
 *
 * @param everyMs how often a credential's last use is written at most
 */
export function createUses(records: Records, everyMs: number): Uses {
  const waiting = new Map<string, CredentialUse>()
  const writing = new Map<string, CredentialUse>()
  let flushing: Promise<boolean> | undefined

  /** Returns whether this adds a row: only the last use of a credential counts, and tokens have no row. */
  const put = (uses: Map<string, CredentialUse>, use: CredentialUse): boolean => {
    const { id, kind } = use.caller
    const known = uses.get(id)
    if (kind === 'token' || (known !== undefined && known.usedAtMs >= use.usedAtMs)) return false
    uses.set(id, use)
    return known === undefined
  }

  const keep = (use: CredentialUse): void => {
    if (waiting.size < LEFT_MAX || waiting.has(use.caller.id)) put(waiting, use)
  }

  const addToBatch = (use: CredentialUse): boolean => put(writing, use)

  const addWaiting = (rowsMax: number): void => {
    for (const [id, use] of waiting) {
      if (writing.size >= rowsMax) return
      waiting.delete(id)
      addToBatch(use)
    }
  }

  const writeBatch = async (): Promise<void> => {
    try {
      if (writing.size > 0) await writeUses(records, [...writing.values()])
    } catch (error) {
      for (const use of writing.values()) keep(use)
      throw error
    } finally {
      writing.clear()
    }
  }

  const flush = async (table: CredentialTable, nowMs: number): Promise<boolean> => {
    addWaiting(ROWS_MAX)
    const rowsMax = ROWS_MAX - writing.size
    const entriesMax = Math.max(LOOKED_AT_MIN, Math.ceil(table.size / FLUSHES_PER_ROUND))
    const looked = table.takeDue({ nowMs, everyMs, rowsMax, entriesMax }, addToBatch)
    await writeBatch()
    return looked.rows === rowsMax
  }

  const drain = async (table: CredentialTable): Promise<void> => {
    let entriesMax = table.size
    for (;;) {
      addWaiting(DRAINED_ROWS_MAX)
      const rowsMax = DRAINED_ROWS_MAX - writing.size
      const due = { nowMs: Infinity, everyMs: 0, rowsMax, entriesMax }
      entriesMax -= table.takeDue(due, addToBatch).entries
      await writeBatch()
      if (entriesMax === 0 && waiting.size === 0) return
      await setImmediate()
    }
  }

  return {
    left: keep,
    unwrittenMs: (id) => Math.max(waiting.get(id)?.usedAtMs ?? 0, writing.get(id)?.usedAtMs ?? 0),
    flush(table, nowMs) {
      flushing ??= flush(table, nowMs).finally(() => {
        flushing = undefined
      })
      return flushing
    },
    async drain(table) {
      await flushing?.catch(() => undefined)
      flushing = drain(table)
        .then(() => false)
        .finally(() => {
          flushing = undefined
        })
      await flushing
    },
  }
}

/** Writes a batch; credentials that were deleted meanwhile are left out. */
async function writeUses(records: Records, uses: readonly CredentialUse[]): Promise<void> {
  const updates = uses.map(({ caller, usedAtMs }) => ({
    op: 'update' as const,
    collection: useCollection.name,
    tenantId: caller.tenantId,
    id: caller.id,
    set: { lastUsedAtMs: Math.trunc(usedAtMs) },
  }))
  await updatePresent(records, updates)
}
