import type { Change, Collection, Records } from '../storage/index.ts'
import { sessionCollection, tokenCollection, useCollection } from './collections.ts'
import type { SessionRow, TokenRow } from './collections.ts'

const BATCH = 500

/** Applies changes, except those whose row is gone; returns how many were applied. */
async function commitPresent(records: Records, changes: readonly Change[]): Promise<number> {
  const left = [...changes]
  while (left.length > 0) {
    const stored = await records.commit(left)
    if (stored.ok) return left.length
    left.splice(stored.change, 1)
  }
  return 0
}

/** Removes expired tokens and sessions; returns how many. */
export async function sweepExpired(records: Records, nowMs: number): Promise<number> {
  const tokens = await sweep<TokenRow>(records, tokenCollection, nowMs, () => [])
  const sessions = await sweep<SessionRow>(
    records,
    sessionCollection,
    nowMs,
    ({ tenantId, id }) => [{ op: 'delete', collection: useCollection.name, tenantId, id }],
  )
  return tokens + sessions
}

async function sweep<R extends TokenRow | SessionRow>(
  records: Records,
  collection: Collection<R>,
  nowMs: number,
  also: (row: R) => readonly Change[],
): Promise<number> {
  let removed = 0
  for (;;) {
    const { rows } = await records
      .across(collection)
      .find({ index: 'byExpiry', equals: {}, to: nowMs, limit: BATCH })
    const changes = rows.flatMap((row): readonly Change[] => [
      { op: 'delete', collection: collection.name, tenantId: row.tenantId, id: row.id },
      ...also(row),
    ])
    await commitPresent(records, changes)
    removed += rows.length
    if (rows.length < BATCH) return removed
  }
}
