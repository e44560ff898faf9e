import type { BaseRow, Collection, NewRow, TenantRow } from '../records.ts'

/** A row with a column of every type. */
export interface Thing extends TenantRow {
  readonly name: string
  readonly group: string | null
  readonly rank: number
  readonly weight: number | null
  readonly active: boolean
  readonly body: unknown
  readonly digest: Uint8Array | null
}

export const THINGS: Collection<Thing> = {
  name: 'things',
  tenant: true,
  columns: {
    name: { type: 'text' },
    group: { type: 'text', nullable: true },
    rank: { type: 'integer' },
    weight: { type: 'real', nullable: true },
    active: { type: 'boolean' },
    body: { type: 'json', nullable: true },
    digest: { type: 'bytes', nullable: true },
  },
  indexes: [
    { name: 'byName', columns: ['name'], unique: true },
    { name: 'byDigest', columns: ['digest'], unique: true, acrossTenants: true },
    { name: 'byGroupRank', columns: ['group', 'rank'] },
    { name: 'byActive', columns: ['active', 'weight'] },
    { name: 'everywhere', columns: ['rank'], acrossTenants: true },
  ],
}

/** A row of a collection without tenants. */
export interface Setting extends BaseRow {
  readonly value: string
}

export const SETTINGS: Collection<Setting> = {
  name: 'settings',
  tenant: false,
  columns: { value: { type: 'text' } },
  indexes: [{ name: 'byValue', columns: ['value'], unique: true }],
}

export const COLLECTIONS = [THINGS, SETTINGS] as const

export const CREATED_MS = 1_767_225_600_000

/** A thing to insert, with `changes` applied. */
export function thingOf(id: string, changes: Partial<Thing> = {}): NewRow {
  return {
    id,
    tenantId: 'one',
    name: `name of ${id}`,
    group: null,
    rank: 0,
    weight: null,
    active: true,
    body: null,
    digest: null,
    createdAtMs: CREATED_MS,
    updatedAtMs: CREATED_MS,
    ...changes,
  }
}
