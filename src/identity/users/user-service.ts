import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import type { Change } from '../../storage/index.ts'
import { keyCollection, useCollection, userCollection } from '../collections.ts'
import type { UserRow } from '../collections.ts'
import { loginName, userInput, userPatch } from '../inputs.ts'
import type { Failed, IdentityParts } from '../parts.ts'
import {
  changeRow,
  invalidField,
  missing,
  namedFields,
  newUse,
  pageOf,
  parseInput,
  readUses,
  refuseCommit,
  requireTenant,
} from '../parts.ts'
import { normalizePassword, passwordProblem } from '../passwords/password-rules.ts'
import type { Changed, UserService, UserView, VersionCheck } from '../services.ts'
import { markLogins, readSessions, removeLogins } from '../sessions/session-rows.ts'
import type { LoginParts } from './login.ts'
import { logIn } from './login.ts'
import { userView } from './user-view.ts'

/** Creates the {@link UserService}. */
export function createUserService(parts: LoginParts): UserService {
  const { records } = parts
  return {
    create: (tenantId, input) => createUser(parts, tenantId, input),
    async get(tenantId, id) {
      const row = await readUser(parts, tenantId, id)
      return row === undefined ? missing('user', id) : succeed(await viewOf(parts, row))
    },
    async getByLogin(tenantId, login) {
      const parsed = loginName.safeParse(login)
      const row = parsed.success
        ? await records.tenant(tenantId, userCollection).getBy('byLogin', { login: parsed.data })
        : undefined
      return row === undefined ? missing('user', login) : succeed(await viewOf(parts, row))
    },
    async list(tenantId, query) {
      const page = await records
        .tenant(tenantId, userCollection)
        .find({ index: 'byCreated', equals: {}, descending: true, ...pageOf(query) })
      const ids = page.rows.map((row) => row.id)
      const uses = await readUses(parts, tenantId, ids)
      return { ...page, rows: page.rows.map((row) => userView(row, uses.get(row.id) ?? null)) }
    },
    async update(tenantId, id, patch, check) {
      const parsed = parseInput(userPatch, patch)
      if (!parsed.ok) return parsed
      const set = namedFields(parsed.value)
      const changed = await changeRow(records, {
        ...target(parts, tenantId, id, check),
        change: () => succeed({ set }),
      })
      if (!changed.ok) return changed
      const { before, after } = changed.value
      return succeed({ before: await viewOf(parts, before), after: await viewOf(parts, after) })
    },
    setPassword: (tenantId, id, password, check) =>
      setPassword(parts, tenantId, id, password, check),
    disable: (tenantId, id, check) =>
      changeAndEndLogins(parts, tenantId, id, check, { disabled: true }),
    enable: (tenantId, id, check) =>
      changeAndEndLogins(parts, tenantId, id, check, { disabled: false }),
    delete: (tenantId, id, check) => deleteUser(parts, tenantId, id, check),
    login: (attempt) => logIn(parts, attempt),
  }
}

const readUser = async (
  { records }: IdentityParts,
  tenantId: string,
  id: string,
): Promise<UserRow | undefined> => records.tenant(tenantId, userCollection).get(id)

async function viewOf(parts: IdentityParts, row: UserRow): Promise<UserView> {
  const uses = await readUses(parts, row.tenantId, [row.id])
  return userView(row, uses.get(row.id) ?? null)
}

const target = (
  parts: IdentityParts,
  tenantId: string,
  id: string,
  check: VersionCheck | undefined,
) => ({
  what: 'user',
  collection: userCollection,
  tenantId,
  id,
  ifVersion: check?.ifVersion,
  read: () => readUser(parts, tenantId, id),
})

async function hashNewPassword(
  { hasher, config }: LoginParts,
  password: string,
  login: string,
): Promise<string | Failed> {
  const problem = passwordProblem(password, login, config.passwords.lengthMin)
  if (problem !== undefined) return invalidField('/password', problem)
  const hash = await hasher.hash(normalizePassword(password))
  return hash === undefined
    ? fail('unavailable', { internal: 'too many passwords are being hashed' })
    : hash
}

async function createUser(
  parts: LoginParts,
  tenantId: string,
  input: unknown,
): Promise<Outcome<Changed<UserView>>> {
  const parsed = parseInput(userInput, input)
  if (!parsed.ok) return parsed
  const { password, ...fields } = parsed.value
  const passwordHash =
    password === undefined ? null : await hashNewPassword(parts, password, fields.login)
  if (typeof passwordHash === 'object' && passwordHash !== null) return passwordHash
  const nowMs = parts.clock.nowMs()
  const id = parts.ids('user')
  const row = {
    ...fields,
    id,
    tenantId,
    passwordHash,
    passwordSetAtMs: passwordHash === null ? null : nowMs,
    disabled: false,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  }
  const stored = await parts.records.commit([
    { op: 'insert', collection: userCollection.name, row },
    newUse(tenantId, id, nowMs),
    requireTenant(tenantId),
  ])
  if (stored.ok)
    return succeed({ before: undefined, after: userView({ ...row, version: 1 }, null) })
  return stored.reason === 'missing'
    ? missing('tenant', tenantId)
    : fail('conflict', { detail: `There is a user ${fields.login} already.` })
}

async function setPassword(
  parts: LoginParts,
  tenantId: string,
  id: string,
  password: string,
  check: VersionCheck | undefined,
): ReturnType<UserService['setPassword']> {
  const user = await readUser(parts, tenantId, id)
  if (user === undefined) return missing('user', id)
  const passwordHash = await hashNewPassword(parts, password, user.login)
  if (typeof passwordHash !== 'string') return passwordHash
  const passwordSetAtMs = Math.max(parts.clock.nowMs(), (user.passwordSetAtMs ?? 0) + 1)
  return changeAndEndLogins(parts, tenantId, id, check, { passwordHash, passwordSetAtMs })
}

const ATTEMPTS_MAX = 8

/** Changes a user and ends all its sessions and tokens in one batch. */
async function changeAndEndLogins(
  parts: IdentityParts,
  tenantId: string,
  id: string,
  check: VersionCheck | undefined,
  set: Readonly<Record<string, unknown>>,
): Promise<Outcome<Changed<UserView>>> {
  const { records } = parts
  for (let attempt = 1; ; attempt++) {
    const sessions = await readSessions(records, tenantId, id)
    const use = await records.tenant(tenantId, useCollection).get(id)
    if (use === undefined) return missing('user', id)
    const before = await readUser(parts, tenantId, id)
    if (before === undefined) return missing('user', id)
    if (check?.ifVersion !== undefined && check.ifVersion !== before.version) {
      return fail('precondition_failed')
    }
    const update = { op: 'update', collection: userCollection.name, tenantId, id } as const
    const stored = await records.commit([
      { ...update, set, ifVersion: before.version },
      markLogins(tenantId, id, use.version),
      ...removeLogins(tenantId, id, sessions),
    ])
    if (stored.ok) {
      await parts.announce([...sessions.map((session) => session.id), id])
      const after = (await readUser(parts, tenantId, id)) ?? before
      return succeed({
        before: userView(before, use.lastUsedAtMs),
        after: await viewOf(parts, after),
      })
    }
    if (attempt >= ATTEMPTS_MAX) return refuseCommit(stored, 'user', id)
  }
}

async function keyIdsOf(
  { records }: IdentityParts,
  tenantId: string,
  userId: string,
): Promise<readonly string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await records.tenant(tenantId, keyCollection).find({
      index: 'byUser',
      equals: { userId },
      limit: 1000,
      ...(cursor === undefined ? {} : { cursor }),
    })
    ids.push(...page.rows.map((row) => row.id))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return ids
}

async function deleteUser(
  parts: IdentityParts,
  tenantId: string,
  id: string,
  check: VersionCheck | undefined,
): ReturnType<UserService['delete']> {
  const { records } = parts
  for (let attempt = 1; ; attempt++) {
    const sessions = await readSessions(records, tenantId, id)
    const keyIds = await keyIdsOf(parts, tenantId, id)
    const use = await records.tenant(tenantId, useCollection).get(id)
    const before = await readUser(parts, tenantId, id)
    if (before === undefined || use === undefined) return missing('user', id)
    const ifVersion = check?.ifVersion ?? before.version
    const uses = { op: 'delete', collection: useCollection.name, tenantId } as const
    const changes: readonly Change[] = [
      { op: 'delete', collection: userCollection.name, tenantId, id, ifVersion },
      { ...uses, id, ifVersion: use.version },
      ...removeLogins(tenantId, id, sessions),
      ...keyIds.map((keyId): Change => ({ ...uses, id: keyId })),
      {
        op: 'deleteWhere',
        collection: keyCollection.name,
        tenantId,
        index: 'byUser',
        equals: { userId: id },
      },
    ]
    const stored = await records.commit(changes)
    if (stored.ok) {
      await parts.announce([...sessions.map((session) => session.id), ...keyIds, id])
      return succeed({ before: userView(before, use.lastUsedAtMs), after: undefined })
    }
    const wrongVersion = stored.change === 0 && check?.ifVersion !== undefined
    if (wrongVersion || attempt >= ATTEMPTS_MAX) return refuseCommit(stored, 'user', id)
  }
}
