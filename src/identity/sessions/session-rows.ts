import type { Change, Records } from '../../storage/index.ts'
import { sessionCollection, tokenCollection, useCollection } from '../collections.ts'
import type { SessionRow } from '../collections.ts'
import type { SessionView } from '../services.ts'

/** A session as shown to users and administrators. */
export const sessionView = (row: SessionRow, lastUsedAtMs: number | undefined): SessionView => ({
  id: row.id,
  tenantId: row.tenantId,
  userId: row.userId,
  address: row.address,
  userAgent: row.userAgent,
  createdAtMs: row.createdAtMs,
  lastSeenAtMs: Math.max(row.createdAtMs, lastUsedAtMs ?? 0),
  expiresAtMs: row.expiresAtMs,
  version: row.version,
})

/** All sessions of a user, oldest first; their number is bounded when they are opened. */
export async function readSessions(
  records: Records,
  tenantId: string,
  userId: string,
): Promise<readonly SessionRow[]> {
  const reader = records.tenant(tenantId, sessionCollection)
  return (await reader.find({ index: 'byUser', equals: { userId }, limit: 1000 })).rows
}

/** Removes a session and the row of its use. */
export const removeSession = (tenantId: string, id: string): readonly Change[] => [
  { op: 'delete', collection: sessionCollection.name, tenantId, id },
  { op: 'delete', collection: useCollection.name, tenantId, id },
]

/** Removes all sessions and tokens of a user. `sessions` are the known ones, whose use rows are removed too. */
export const removeLogins = (
  tenantId: string,
  userId: string,
  sessions: readonly SessionRow[],
): readonly Change[] => [
  ...sessions.map(({ id }): Change => ({
    op: 'delete',
    collection: useCollection.name,
    tenantId,
    id,
  })),
  {
    op: 'deleteWhere',
    collection: sessionCollection.name,
    tenantId,
    index: 'byUser',
    equals: { userId },
  },
  {
    op: 'deleteWhere',
    collection: tokenCollection.name,
    tenantId,
    index: 'byOwner',
    equals: { ownerId: userId },
  },
]

/**
 * Marks a point in a user's logins: opening a session and ending all of them both change this row, so that if both
 * happen at once, the slower one starts again and sees the other.
 */
export const markLogins = (
  tenantId: string,
  userId: string,
  ifVersion: number,
  set: Readonly<Record<string, unknown>> = {},
): Change => ({
  op: 'update',
  collection: useCollection.name,
  tenantId,
  id: userId,
  set,
  ifVersion,
})
