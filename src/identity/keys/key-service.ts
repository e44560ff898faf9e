import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import type { Change } from '../../storage/index.ts'
import { keyCollection, tokenCollection, useCollection, userCollection } from '../collections.ts'
import type { KeyRow } from '../collections.ts'
import { keyInput, keyPatch } from '../inputs.ts'
import type { IdentityParts, RowChange } from '../parts.ts'
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
  refuseUnknownRoles,
  requireTenant,
} from '../parts.ts'
import { digestOf } from '../presented.ts'
import type { Changed, Issued, KeyService, KeyView, VersionCheck } from '../services.ts'
import { keyView } from './key-view.ts'

/** Creates the {@link KeyService}. */
export function createKeyService(parts: IdentityParts): KeyService {
  return {
    create: (tenantId, input) => createKey(parts, tenantId, input),
    async get(tenantId, id) {
      const row = await readKey(parts, tenantId, id)
      return row === undefined ? missing('key', id) : succeed(await viewOf(parts, row))
    },
    list: (tenantId, query) => listKeys(parts, tenantId, query ?? {}),
    update: (tenantId, id, patch, check) => updateKey(parts, tenantId, id, patch, check),
    disable: (tenantId, id, check) =>
      changeKey(parts, tenantId, id, check, setUnlessRevoked({ disabled: true })),
    enable: (tenantId, id, check) =>
      changeKey(parts, tenantId, id, check, setUnlessRevoked({ disabled: false })),
    revoke: (tenantId, id, check) =>
      changeKey(parts, tenantId, id, check, (row) =>
        succeed({
          set: {
            revokedAtMs: row.revokedAtMs ?? parts.clock.nowMs(),
            previousDigest: null,
            previousPepperVersion: null,
            previousExpiresAtMs: null,
          },
        }),
      ),
    rotate: (tenantId, id, options) => rotateKey(parts, tenantId, id, options ?? {}),
    delete: (tenantId, id, check) => deleteKey(parts, tenantId, id, check),
  }
}

const readKey = async (
  { records }: IdentityParts,
  tenantId: string,
  id: string,
): Promise<KeyRow | undefined> => records.tenant(tenantId, keyCollection).get(id)

async function viewOf(parts: IdentityParts, row: KeyRow): Promise<KeyView> {
  const uses = await readUses(parts, row.tenantId, [row.id])
  return keyView(row, parts.format, parts.clock.nowMs(), uses.get(row.id) ?? null)
}

async function listKeys(
  parts: IdentityParts,
  tenantId: string,
  query: NonNullable<Parameters<KeyService['list']>[1]>,
): ReturnType<KeyService['list']> {
  const { userId } = query
  const page = await parts.records.tenant(tenantId, keyCollection).find({
    ...(userId === undefined
      ? { index: 'byCreated', equals: {} }
      : { index: 'byUser', equals: { userId } }),
    descending: true,
    ...pageOf(query),
  })
  const ids = page.rows.map((row) => row.id)
  const uses = await readUses(parts, tenantId, ids)
  const nowMs = parts.clock.nowMs()
  const rows = page.rows.map((row) => keyView(row, parts.format, nowMs, uses.get(row.id) ?? null))
  return { ...page, rows }
}

/**
 * Public ids are 64 random bits: the first collision is expected at about four billion keys, and another id is then
 * drawn.
 */
const DRAWS_MAX = 3

async function createKey(
  parts: IdentityParts,
  tenantId: string,
  input: unknown,
): Promise<Outcome<Issued<KeyView>>> {
  const parsed = parseInput(keyInput, input)
  if (!parsed.ok) return parsed
  const { records, random, format, peppers } = parts
  const { expiresAtMs } = parsed.value
  if (expiresAtMs !== null && expiresAtMs <= parts.clock.nowMs()) {
    return invalidField('/expiresAtMs', 'expected a time to come')
  }
  const refused =
    (await refuseUnknownRoles(parts.permissions, tenantId, parsed.value.roles)) ??
    (await refuseUnknownUser(parts, tenantId, parsed.value.userId))
  if (refused !== undefined) return refused
  for (let draw = 1; ; draw++) {
    const nowMs = parts.clock.nowMs()
    const made = format.make(parsed.value.environment, random)
    const id = `key_${made.publicId}`
    const row = {
      ...parsed.value,
      id,
      tenantId,
      publicId: made.publicId,
      ...digestOf(parts, made.text),
      previousDigest: null,
      previousPepperVersion: null,
      previousExpiresAtMs: null,
      disabled: false,
      revokedAtMs: null,
      rotatedAtMs: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    }
    const stored = await records.commit([
      { op: 'insert', collection: keyCollection.name, row },
      newUse(tenantId, id, nowMs),
      requireTenant(tenantId),
    ])
    if (stored.ok) {
      const after = keyView({ ...row, version: 1 }, format, nowMs, null)
      return succeed({ before: undefined, after, secret: made.text })
    }
    if (stored.reason === 'missing') return missing('tenant', tenantId)
    if (draw >= DRAWS_MAX) throw new Error(`no free key id; pepper ${peppers.current.version}`)
  }
}

async function refuseUnknownUser(
  { records }: IdentityParts,
  tenantId: string,
  userId: string | null | undefined,
): Promise<ReturnType<typeof invalidField> | undefined> {
  if (userId === null || userId === undefined) return undefined
  const user = await records.tenant(tenantId, userCollection).get(userId)
  return user === undefined ? invalidField('/userId', `no such user: ${userId}`) : undefined
}

async function changeStoredKey(
  parts: IdentityParts,
  tenantId: string,
  id: string,
  check: VersionCheck | undefined,
  change: RowChange<KeyRow>,
) {
  return changeRow(parts.records, {
    what: 'key',
    collection: keyCollection,
    tenantId,
    id,
    ifVersion: check?.ifVersion,
    read: () => readKey(parts, tenantId, id),
    change,
  })
}

async function changeKey(
  parts: IdentityParts,
  tenantId: string,
  id: string,
  check: VersionCheck | undefined,
  change: RowChange<KeyRow>,
): Promise<Outcome<Changed<KeyView>>> {
  const changed = await changeStoredKey(parts, tenantId, id, check, change)
  if (!changed.ok) return changed
  await parts.announce([id])
  const { before, after } = changed.value
  return succeed({ before: await viewOf(parts, before), after: await viewOf(parts, after) })
}

const refuseRevoked = (row: KeyRow): ReturnType<typeof fail> | undefined =>
  row.revokedAtMs === null ? undefined : fail('conflict', { detail: `Key ${row.id} is revoked.` })

const setUnlessRevoked =
  (set: Readonly<Record<string, unknown>>): RowChange<KeyRow> =>
  (row) =>
    refuseRevoked(row) ?? succeed({ set })

async function updateKey(
  parts: IdentityParts,
  tenantId: string,
  id: string,
  patch: unknown,
  check: VersionCheck | undefined,
): ReturnType<KeyService['update']> {
  const parsed = parseInput(keyPatch, patch)
  if (!parsed.ok) return parsed
  const refused =
    (await refuseUnknownRoles(parts.permissions, tenantId, parsed.value.roles)) ??
    (await refuseUnknownUser(parts, tenantId, parsed.value.userId))
  if (refused !== undefined) return refused
  return changeKey(parts, tenantId, id, check, setUnlessRevoked(namedFields(parsed.value)))
}

async function rotateKey(
  parts: IdentityParts,
  tenantId: string,
  id: string,
  options: NonNullable<Parameters<KeyService['rotate']>[2]>,
): ReturnType<KeyService['rotate']> {
  const overlapMs = options.overlapMs ?? parts.config.keys.rotationOverlap
  if (!Number.isSafeInteger(overlapMs) || overlapMs < 0) {
    return invalidField('/overlapMs', 'expected milliseconds, 0 or more')
  }
  let secret = ''
  const changed = await changeStoredKey(parts, tenantId, id, options, (row) => {
    const refused = refuseRevoked(row)
    if (refused !== undefined) return refused
    const nowMs = parts.clock.nowMs()
    const sort = row.environment === 'test' ? 'test' : 'live'
    secret = parts.format.make(sort, parts.random, row.publicId).text
    const previous =
      overlapMs === 0
        ? { previousDigest: null, previousPepperVersion: null, previousExpiresAtMs: null }
        : {
            previousDigest: row.digest,
            previousPepperVersion: row.pepperVersion,
            previousExpiresAtMs: nowMs + overlapMs,
          }
    return succeed({ set: { ...digestOf(parts, secret), ...previous, rotatedAtMs: nowMs } })
  })
  if (!changed.ok) return changed
  await parts.announce([id])
  const { before, after } = changed.value
  return succeed({
    before: await viewOf(parts, before),
    after: await viewOf(parts, after),
    secret,
  })
}

async function deleteKey(
  parts: IdentityParts,
  tenantId: string,
  id: string,
  check: VersionCheck | undefined,
): ReturnType<KeyService['delete']> {
  const row = await readKey(parts, tenantId, id)
  if (row === undefined) return missing('key', id)
  const before = await viewOf(parts, row)
  const changes: readonly Change[] = [
    {
      op: 'delete',
      collection: keyCollection.name,
      tenantId,
      id,
      ...(check?.ifVersion === undefined ? {} : { ifVersion: check.ifVersion }),
    },
    { op: 'delete', collection: useCollection.name, tenantId, id },
    {
      op: 'deleteWhere',
      collection: tokenCollection.name,
      tenantId,
      index: 'byOwner',
      equals: { ownerId: id },
    },
  ]
  const stored = await parts.records.commit(changes)
  if (!stored.ok) return refuseCommit(stored, 'key', id)
  await parts.announce([id])
  return succeed({ before, after: undefined })
}
