import type { Caller } from '../../core/caller.ts'
import type { Outcome, Refusal } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import { sessionCollection, useCollection, userCollection } from '../collections.ts'
import type { SessionRow } from '../collections.ts'
import type { IdentityParts } from '../parts.ts'
import { missing, pageOf, readUses } from '../parts.ts'
import { digestOf, findPresented } from '../presented.ts'
import type { Changed, SessionService, SessionView } from '../services.ts'
import { userView } from '../users/user-view.ts'
import {
  markLogins,
  readSessions,
  removeLogins,
  removeSession,
  sessionView,
} from './session-rows.ts'

/** What the session service needs. */
export interface SessionParts extends IdentityParts {
  readonly resolve: (
    credential: string,
    nowMs: number,
  ) => Caller | Refusal | Promise<Caller | Refusal>
}

const ATTEMPTS_MAX = 8

/** Creates the {@link SessionService}. */
export function createSessionService(parts: SessionParts): SessionService {
  const { records } = parts
  return {
    async list(tenantId, query) {
      const { userId } = query
      const page = await records
        .tenant(tenantId, sessionCollection)
        .find({ index: 'byUser', equals: { userId }, descending: true, ...pageOf(query) })
      const uses = await readUses(
        parts,
        tenantId,
        page.rows.map((row) => row.id),
      )
      return { ...page, rows: page.rows.map((row) => sessionView(row, uses.get(row.id))) }
    },
    rotate: (credential) => rotateSession(parts, credential),
    async logout(credential) {
      const row = await findPresented(parts, sessionCollection, 'ss', credential)
      return row === undefined
        ? succeed({ before: undefined, after: undefined })
        : endSession(parts, row)
    },
    async end(tenantId, id) {
      const row = await records.tenant(tenantId, sessionCollection).get(id)
      return row === undefined ? missing('session', id) : endSession(parts, row)
    },
    endAll: (tenantId, userId) => endAllSessions(parts, tenantId, userId),
  }
}

async function endSession(
  parts: IdentityParts,
  row: SessionRow,
): Promise<Outcome<Changed<SessionView>>> {
  const uses = await readUses(parts, row.tenantId, [row.id])
  // If the session was removed meanwhile, all is well.
  await parts.records.commit(removeSession(row.tenantId, row.id))
  await parts.announce([row.id])
  return succeed({ before: sessionView(row, uses.get(row.id)), after: undefined })
}

async function rotateSession(
  parts: SessionParts,
  credential: string,
): ReturnType<SessionService['rotate']> {
  const { records, format, random } = parts
  const caller = await parts.resolve(credential, parts.clock.nowMs())
  if ('code' in caller) return { ok: false, refusal: caller }
  const row = await findPresented(parts, sessionCollection, 'ss', credential)
  if (row === undefined) return fail('credential_invalid', { internal: 'ended while rotating' })
  const user = await records.tenant(row.tenantId, userCollection).get(row.userId)
  const use = await records.tenant(row.tenantId, useCollection).get(row.userId)
  const made = format.make('ss', random, row.publicId)
  const set = digestOf(parts, made.text)
  const change = {
    op: 'update',
    collection: sessionCollection.name,
    tenantId: row.tenantId,
  } as const
  const stored = await records.commit([{ ...change, id: row.id, set, ifVersion: row.version }])
  if (!stored.ok || user === undefined) {
    return fail('credential_invalid', { internal: 'changed while rotating' })
  }
  await parts.announce([row.id])
  const session = sessionView({ ...row, version: row.version + 1 }, parts.clock.nowMs())
  return succeed({ secret: made.text, session, user: userView(user, use?.lastUsedAtMs ?? null) })
}

/** Ends all sessions and tokens of a user; starts again if a login happens meanwhile. */
async function endAllSessions(
  parts: IdentityParts,
  tenantId: string,
  userId: string,
): Promise<Outcome<number>> {
  const { records } = parts
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const use = await records.tenant(tenantId, useCollection).get(userId)
    if (use === undefined) return missing('user', userId)
    const sessions = await readSessions(records, tenantId, userId)
    const stored = await records.commit([
      markLogins(tenantId, userId, use.version),
      ...removeLogins(tenantId, userId, sessions),
    ])
    if (!stored.ok) continue
    await parts.announce([...sessions.map((session) => session.id), userId])
    return succeed(sessions.length)
  }
  return fail('conflict', { detail: `User ${userId} is logging in too fast.` })
}
