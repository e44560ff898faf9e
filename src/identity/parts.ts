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

/** What all services of identity need. */
export interface IdentityParts {
  readonly records: Records
  readonly clock: Clock
  readonly random: Random
  readonly ids: IdFactory
  readonly config: IdentityConfig
  readonly format: CredentialFormat
  readonly peppers: Peppers
  readonly permissions: PermissionCompiler
  /** Applies changes of these ids here, then on the other instances. */
  readonly announce: (ids: readonly string[]) => Promise<void>
  /** When credentials were last used, for those that this instance remembers. */
  readonly lastUses: (ids: readonly string[]) => ReadonlyMap<string, number>
}

/** The unsuccessful {@link Outcome}. */
export type Failed = Extract<Outcome<never>, { ok: false }>

/** Parses input; invalid input is refused with an error for each field. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): Outcome<z.output<S>> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return { ok: true, value: parsed.data }
  return fail('request_invalid', {
    extra: { errors: fieldErrors(parsed.error, schema, input) },
  })
}

/** The refusal of one invalid field. */
export const invalidField = (pointer: string, message: string): Failed =>
  fail('request_invalid', { extra: { errors: [{ pointer, message }] } })

/** The refusal if something does not exist in the tenant. */
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

/**
 * Creates the row that says when a credential or user was last used; it is created together with that credential or
 * user.
 */
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
 * Changes nothing, but fails if the tenant is gone: as part of a batch, it keeps the batch from leaving rows in a
 * tenant that is being deleted. It touches the tenant's own use row, which is the first to be deleted with the tenant,
 * so that the tenant's version does not change.
 */
export const requireTenant = (tenantId: string): Change => ({
  op: 'update',
  collection: useCollection.name,
  tenantId,
  id: tenantId,
  set: {},
})

/** The refusal of a failed batch whose first change was to a row of a known version. */
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

/** One attempt to change a row: what to set and what else to change with it, or why it is refused. */
export type RowChange<R> = (row: R) => Outcome<{
  readonly set: Readonly<Record<string, unknown>>
  readonly also?: readonly Change[]
}>

/** The row before and after a change. */
export interface RowChanged<R> {
  readonly before: R
  readonly after: R
}

const ATTEMPTS_MAX = 8

/**
 * Reads a row, and changes it if it still has that version; starts again if somebody else was faster (unless the caller
 * asked for a certain version).
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

/** When credentials or users were last used, by id: as stored, or later if this instance knows of a later use. */
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
