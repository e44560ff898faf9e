import type { Change, Records } from '../../storage/index.ts'
import { useCollection } from '../collections.ts'
import { commitPresent } from '../sweep.ts'
import type { CredentialTable, CredentialUse } from './credential-table.ts'

/** Uses of entries that have left the table are kept up to this number; more are forgotten. */
const LEFT_MAX = 10_000
/** Rows written at one flush; the next flush writes the rest. */
const FLUSH_MAX = 100_000
const BATCH = 500

/** Buffers when credentials were used, and writes it in batches. */
export interface Uses {
  /** Notes the use of an entry that leaves the table. */
  left(use: CredentialUse): void
  /** The last use of a credential that is not written yet; 0 for none. */
  unwrittenMs(id: string): number
  /** Writes what was used since the last flush. */
  flush(table: CredentialTable, nowMs: number): Promise<void>
}

/** Creates {@link Uses}. */
export function createUses(records: Records): Uses {
  const waiting = new Map<string, CredentialUse>()
  let flushedUpToMs = 0
  const keep = (use: CredentialUse): void => {
    if (use.caller.kind === 'token' || waiting.size >= LEFT_MAX + FLUSH_MAX) return
    const known = waiting.get(use.caller.id)
    if (known === undefined || known.usedAtMs < use.usedAtMs) waiting.set(use.caller.id, use)
  }
  return {
    left(use) {
      if (use.usedAtMs >= flushedUpToMs && waiting.size < LEFT_MAX) keep(use)
    },
    unwrittenMs: (id) => waiting.get(id)?.usedAtMs ?? 0,
    async flush(table, nowMs) {
      for (const use of table.usedSince(flushedUpToMs)) keep(use)
      flushedUpToMs = nowMs
      const uses = [...waiting.values()].slice(0, FLUSH_MAX)
      for (let from = 0; from < uses.length; from += BATCH) {
        const batch = uses.slice(from, from + BATCH)
        await writeUses(records, batch)
        for (const use of batch)
          if (waiting.get(use.caller.id) === use) waiting.delete(use.caller.id)
      }
    },
  }
}

/** Writes a batch; credentials that were deleted meanwhile are left out. */
async function writeUses(records: Records, uses: readonly CredentialUse[]): Promise<void> {
  const changes = uses.map(({ caller, usedAtMs }): Change => ({
    op: 'update',
    collection: useCollection.name,
    tenantId: caller.tenantId,
    id: caller.id,
    set: { lastUsedAtMs: Math.trunc(usedAtMs) },
  }))
  await commitPresent(records, changes)
}
