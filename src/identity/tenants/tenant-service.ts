import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import type { Change } from '../../storage/index.ts'
import { identityCollections, tenantCollection, useCollection } from '../collections.ts'
import type { TenantRecord } from '../collections.ts'
import { tenantInput, tenantPatch } from '../inputs.ts'
import type { IdentityParts } from '../parts.ts'
import {
  changeRow,
  missing,
  namedFields,
  newUse,
  pageOf,
  parseInput,
  refuseCommit,
} from '../parts.ts'
import type { Changed, TenantService, TenantView, VersionCheck } from '../services.ts'

/** A collection whose rows are deleted with their tenant. Every tenant collection of the gate is one. */
export interface CascadedCollection {
  readonly name: string
  readonly tenant: boolean
  readonly indexes: readonly { readonly name: string; readonly acrossTenants?: boolean }[]
}

/**
 * Creates the {@link TenantService}. `cascade` lists every other collection that holds tenants' rows. The rows of uses
 * are deleted first: see `requireTenant`.
 */
export function createTenantService(
  parts: IdentityParts,
  cascade: readonly CascadedCollection[],
): TenantService {
  const collections = new Set<CascadedCollection>([
    useCollection,
    ...identityCollections,
    ...cascade,
  ])
  const removals = [...collections].filter((collection) => collection.tenant).map(removalOf)
  return {
    create: (input) => createTenant(parts, input),
    async get(id) {
      const row = await readTenant(parts, id)
      return row === undefined ? missing('tenant', id) : succeed(viewOf(row))
    },
    async list(query) {
      const status = query?.status
      const page = await parts.records.global(tenantCollection).find({
        ...(status === undefined
          ? { index: 'byCreated', equals: {} }
          : { index: 'byStatus', equals: { status } }),
        descending: true,
        ...pageOf(query),
      })
      return { ...page, rows: page.rows.map(viewOf) }
    },
    async update(id, patch, check) {
      const parsed = parseInput(tenantPatch, patch)
      return parsed.ok ? changeTenant(parts, id, check, namedFields(parsed.value)) : parsed
    },
    suspend: (id, check) => changeTenant(parts, id, check, { status: 'suspended' }),
    resume: (id, check) => changeTenant(parts, id, check, { status: 'active' }),
    async delete(id, check) {
      const row = await readTenant(parts, id)
      if (row === undefined) return missing('tenant', id)
      const own: Change = {
        op: 'delete',
        collection: tenantCollection.name,
        id,
        ...(check?.ifVersion === undefined ? {} : { ifVersion: check.ifVersion }),
      }
      const stored = await parts.records.commit([own, ...removals.map((removal) => removal(id))])
      if (!stored.ok) return refuseCommit(stored, 'tenant', id)
      await parts.announce([id])
      return succeed({ before: viewOf(row), after: undefined })
    },
  }
}

function removalOf(collection: CascadedCollection): (tenantId: string) => Change {
  const index = collection.indexes.find((each) => each.acrossTenants !== true)
  if (index === undefined) {
    throw new TypeError(`${collection.name} needs an index within the tenant to be deleted by`)
  }
  return (tenantId) => ({
    op: 'deleteWhere',
    collection: collection.name,
    tenantId,
    index: index.name,
    equals: {},
  })
}

const readTenant = async (
  { records }: IdentityParts,
  id: string,
): Promise<TenantRecord | undefined> => records.global(tenantCollection).get(id)

/** A tenant as shown to administrators. */
const viewOf = (row: TenantRecord): TenantView => ({
  id: row.id,
  name: row.name,
  status: row.status === 'suspended' ? 'suspended' : 'active',
  plan: row.plan,
  metadata: row.metadata,
  createdAtMs: row.createdAtMs,
  updatedAtMs: row.updatedAtMs,
  version: row.version,
})

async function createTenant(
  parts: IdentityParts,
  input: unknown,
): Promise<Outcome<Changed<TenantView>>> {
  const parsed = parseInput(tenantInput, input)
  if (!parsed.ok) return parsed
  const nowMs = parts.clock.nowMs()
  const { id = parts.ids('ten'), ...fields } = parsed.value
  const row = { ...fields, id, status: 'active', createdAtMs: nowMs, updatedAtMs: nowMs }
  const stored = await parts.records.commit([
    { op: 'insert', collection: tenantCollection.name, row },
    newUse(id, id, nowMs),
  ])
  if (!stored.ok) return fail('conflict', { detail: `There is a tenant ${id} already.` })
  await parts.announce([id])
  return succeed({ before: undefined, after: viewOf({ ...row, version: 1 }) })
}

async function changeTenant(
  parts: IdentityParts,
  id: string,
  check: VersionCheck | undefined,
  set: Readonly<Record<string, unknown>>,
): Promise<Outcome<Changed<TenantView>>> {
  const changed = await changeRow(parts.records, {
    what: 'tenant',
    collection: tenantCollection,
    id,
    ifVersion: check?.ifVersion,
    read: () => readTenant(parts, id),
    change: () => succeed({ set }),
  })
  if (!changed.ok) return changed
  await parts.announce([id])
  return succeed({ before: viewOf(changed.value.before), after: viewOf(changed.value.after) })
}
