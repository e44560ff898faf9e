import type { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import { fieldErrors } from '../core/config/field-errors.ts'
import type { IdFactory } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Outcome, RefusalCode } from '../core/refusal.ts'
import { fail } from '../core/refusal.ts'
import type {
  BaseRow,
  Change,
  Collection,
  CommitOutcome,
  Query,
  Records,
} from '../storage/index.ts'
import { useCollection } from './collections.ts'
import type { IdentityConfig } from './config.ts'
import type { CredentialFormat } from './credentials/format.ts'
import type { Peppers } from './credentials/peppers.ts'
import type { PermissionCompiler } from './permission-compiler.ts'
import type { ListQuery } from './services.ts'

/** What all services of identity stand on. */
export interface IdentityParts {
  readonly records: Records
  readonly clock: Clock
  readonly random: Random
  readonly ids: IdFactory
  readonly config: IdentityConfig
  readonly format: CredentialFormat
  readonly peppers: Peppers
  readonly permissions: PermissionCompiler
  /** Makes changes of these ids take effect here, then on the other instances. */
  readonly announce: (ids: readonly string[]) => Promise<void>
  /** When credentials were last used, of those that this instance remembers. */
  readonly lastUses: (ids: readonly string[]) => ReadonlyMap<string, number>
}

/** The unsuccessful {@link Outcome}. */
export type Failed = Extract<Outcome<never>, { ok: false }>

/** Parses input; what does not fit is refused field by field. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): Outcome<z.output<S>> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return { ok: true, value: parsed.data }
  return fail('request_invalid', {
    extra: { errors: fieldErrors(parsed.error, schema, input) },
  })
}

/** One field that does not fit. */
export const invalidField = (pointer: string, message: string): Failed =>
  fail('request_invalid', { extra: { errors: [{ pointer, message }] } })

/** There is no such thing in the tenant. */
export const missing = (what: string, id: string): Failed =>
  fail('not_found', { detail: `There is no ${what} ${id}.` })

/** The part of a list query that storage understands. */
export function pageOf<R>(query: ListQuery | undefined): Pick<Query<R>, 'limit' | 'cursor'> {
  return {
    ...(query?.limit === undefined ? {} : { limit: Math.min(Math.max(query.limit, 1), 1000) }),
    ...(query?.cursor === undefined ? {} : { cursor: query.cursor }),
  }
}

/** The fields that a patch names. */
export const namedFields = (patch: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))

/** The row that says when a credential or user was last used; made with it. */
export const newUse = (tenantId: string, id: string, nowMs: number, usedAtMs?: number): Change => ({
  op: 'insert',
  collection: useCollection.name,
  row: {
    id,
    tenantId,
    lastUsedAtMs: usedAtMs ?? null,
    knownAddresses: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  },
})

/**
 * Changes nothing, but fails when the tenant is gone: put into a batch, it keeps the batch from leaving
 * rows behind in a tenant that is being deleted. It touches the tenant's own use row, which goes first
 * when the tenant goes, so that the tenant's version does not change.
 */
export const requireTenant = (tenantId: string): Change => ({
  op: 'update',
  collection: useCollection.name,
  tenantId,
  id: tenantId,
  set: {},
})

/** The refusal of a batch whose first change was made to a row of a known version. */
export function refuseCommit(
  outcome: Extract<CommitOutcome, { ok: false }>,
  what: string,
  id: string,
): Failed {
  const codes: Readonly<Record<typeof outcome.reason, RefusalCode>> = {
    missing: 'not_found',
    stale: 'precondition_failed',
    duplicate: 'conflict',
  }
  return fail(codes[outcome.reason], { detail: `${what} ${id}: ${outcome.reason}.` })
}

/** One attempt to change a row: what to set, what else goes with it, or why not. */
export type RowChange<R> = (row: R) => Outcome<{
  readonly set: Readonly<Record<string, unknown>>
  readonly also?: readonly Change[]
}>

/** The row before and after. */
export interface RowChanged<R> {
  readonly before: R
  readonly after: R
}

const ATTEMPTS_MAX = 8

/**
 * Reads a row, changes it if it is still that version, and begins again when someone else was faster
 * (unless the caller asked for one version).
 */
export async function changeRow<R extends BaseRow>(
  records: Records,
  options: {
    readonly what: string
    readonly collection: Collection<R>
    readonly tenantId?: string
    readonly id: string
    readonly ifVersion: number | undefined
    readonly read: () => Promise<R | undefined>
    readonly change: RowChange<R>
  },
): Promise<Outcome<RowChanged<R>>> {
  const { what, id, ifVersion, collection } = options
  const scope = options.tenantId === undefined ? {} : { tenantId: options.tenantId }
  for (let attempt = 1; ; attempt++) {
    const before = await options.read()
    if (before === undefined) return missing(what, id)
    if (ifVersion !== undefined && ifVersion !== before.version) return fail('precondition_failed')
    const wanted = options.change(before)
    if (!wanted.ok) return wanted
    const { set, also = [] } = wanted.value
    const update = { op: 'update', collection: collection.name, ...scope, id } as const
    const stored = await records.commit([{ ...update, set, ifVersion: before.version }, ...also])
    if (stored.ok) {
      const after = (await options.read()) ?? { ...before, ...set, version: before.version + 1 }
      return { ok: true, value: { before, after } }
    }
    const retry = stored.reason === 'stale' && ifVersion === undefined && attempt < ATTEMPTS_MAX
    if (!retry) return refuseCommit(stored, what, id)
  }
}

/** When things were last used, by id: as it is written, or as this instance knows better. */
export async function readUses(
  { records, lastUses }: Pick<IdentityParts, 'records' | 'lastUses'>,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const reader = records.tenant(tenantId, useCollection)
  const rows = await Promise.all(ids.map(async (id) => reader.get(id)))
  const uses = new Map(lastUses(ids))
  for (const row of rows) {
    const writtenMs = row?.lastUsedAtMs ?? 0
    if (row !== undefined && writtenMs > (uses.get(row.id) ?? 0)) uses.set(row.id, writtenMs)
  }
  return uses
}

/** Refuses roles that do not exist for the tenant. */
export async function refuseUnknownRoles(
  permissions: PermissionCompiler,
  tenantId: string,
  roles: readonly string[] | undefined,
): Promise<Failed | undefined> {
  const unknown = await permissions.unknownRoles(tenantId, roles ?? [])
  return unknown.length === 0
    ? undefined
    : invalidField('/roles', `no such role: ${unknown.join(', ')}`)
}
