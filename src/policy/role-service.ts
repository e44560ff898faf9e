import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import { fieldErrors } from '../core/config/field-errors.ts'
import { name, permission } from '../core/config/fields.ts'
import type { IdFactory } from '../core/ids.ts'
import type { Outcome } from '../core/refusal.ts'
import { fail, succeed } from '../core/refusal.ts'
import type { Change, Page, Records } from '../storage/index.ts'
import { assignmentCollection, roleCollection } from './collections.ts'
import type { RoleRow } from './collections.ts'
import type { InstallationRole } from './config.ts'
import { reachesInstallation } from './permission.ts'
import { describeRoleProblem, findRoleProblem } from './role-graph.ts'
import type { Role, RoleLookup } from './role-graph.ts'
import type { RoleListQuery, RoleService, RoleView } from './services.ts'
import { readRoles } from './tenant-roles.ts'

const fields = {
  description: z.string().max(500),
  permissions: z
    .array(
      permission().refine((pattern) => !reachesInstallation(pattern), {
        error: 'a tenant role cannot reach the installation',
      }),
    )
    .max(256),
  inherits: z.array(name()).max(64),
}

/** What a tenant provides to create a role. */
const roleInput = z.strictObject({
  name: name(),
  description: fields.description.default(''),
  permissions: fields.permissions.default([]),
  inherits: fields.inherits.default([]),
})

/** What may be changed in a tenant's role. */
const rolePatch = z.strictObject(fields).partial()

/** What the role service needs. */
export interface RoleServiceParts {
  readonly records: Records
  readonly clock: Clock
  readonly ids: IdFactory
  readonly installation: () => ReadonlyMap<string, InstallationRole>
  readonly rolesPerTenantMax: () => number
  /** Runs this instance's mutations one after another, so that each check holds until its write. */
  readonly exclusive: <T>(task: () => Promise<T>) => Promise<T>
  readonly announce: (tenantId: string) => Promise<void>
}

/** A role as shown to administrators. */
const viewOf = (role: RoleRow | InstallationRole): RoleView => ({
  name: role.name,
  description: role.description,
  permissions: role.permissions,
  inherits: role.inherits,
  origin: 'origin' in role ? role.origin : 'tenant',
  version: 'version' in role ? role.version : 0,
})

const invalid = (
  error: z.ZodError,
  schema: z.ZodType,
  input: unknown,
): Extract<Outcome<never>, { ok: false }> =>
  fail('request_invalid', { extra: { errors: fieldErrors(error, schema, input) } })

const notFound = (roleName: string): Extract<Outcome<never>, { ok: false }> =>
  fail('not_found', { detail: `There is no role ${roleName}.` })

const readOnly = (roleName: string): Extract<Outcome<never>, { ok: false }> =>
  fail('conflict', { detail: `Role ${roleName} belongs to the installation.` })

/** Creates the {@link RoleService}. */
export function createRoleService(parts: RoleServiceParts): RoleService {
  return {
    list: (tenantId, query) => listRoles(parts, tenantId, query ?? {}),
    async get(tenantId, roleName) {
      const role =
        parts.installation().get(roleName) ??
        (await readRoles(parts.records, tenantId)).get(roleName)
      return role === undefined ? notFound(roleName) : succeed(viewOf(role))
    },
    create: (tenantId, input) => parts.exclusive(() => createRole(parts, tenantId, input)),
    update: (tenantId, roleName, patch, version) =>
      parts.exclusive(() => updateRole(parts, tenantId, roleName, patch, version?.ifVersion)),
    delete: (tenantId, roleName, version) =>
      parts.exclusive(() => deleteRole(parts, tenantId, roleName, version?.ifVersion)),
  }
}

async function listRoles(
  { records, installation }: RoleServiceParts,
  tenantId: string,
  query: RoleListQuery,
): Promise<Page<RoleView>> {
  const own = await readRoles(records, tenantId)
  const all = [...installation().values(), ...own.values()].map(viewOf)
  const after = query.cursor ?? ''
  const rest = all.filter((role) => role.name > after).sort((a, b) => (a.name < b.name ? -1 : 1))
  const limit = Math.min(Math.max(query.limit ?? 100, 1), 1000)
  const rows = rest.slice(0, limit)
  const last = rows.at(-1)
  return rest.length > limit && last !== undefined ? { rows, nextCursor: last.name } : { rows }
}

/** The roles as they would be with `changed` applied. */
function lookupWith(
  { installation }: RoleServiceParts,
  own: ReadonlyMap<string, Role>,
  changed: Role,
): RoleLookup {
  return (wanted) =>
    wanted === changed.name ? changed : (installation().get(wanted) ?? own.get(wanted))
}

function refuseAncestry(
  parts: RoleServiceParts,
  own: ReadonlyMap<string, Role>,
  changed: Role,
): Extract<Outcome<never>, { ok: false }> | undefined {
  const lookup = lookupWith(parts, own, changed)
  const problem = findRoleProblem(changed.name, lookup)
  if (problem !== undefined) {
    return fail('request_invalid', {
      detail: describeRoleProblem(problem),
      extra: {
        errors: [{ pointer: '/inherits', message: describeRoleProblem(problem) }],
        ...problem,
      },
    })
  }
  const seen = new Set<string>()
  const reaching = changed.inherits.find((parent) => inheritsInstallation(parent, lookup, seen))
  if (reaching === undefined) return undefined
  const message = `role ${reaching} reaches the installation; a tenant role cannot inherit it`
  return fail('request_invalid', {
    detail: message,
    extra: { errors: [{ pointer: '/inherits', message }] },
  })
}

/** @param seen roles already found not to, because the number of paths through the graph may be exponential */
function inheritsInstallation(roleName: string, lookup: RoleLookup, seen: Set<string>): boolean {
  if (seen.has(roleName)) return false
  seen.add(roleName)
  const role = lookup(roleName)
  return (
    role !== undefined &&
    (role.permissions.some(reachesInstallation) ||
      role.inherits.some((parent) => inheritsInstallation(parent, lookup, seen)))
  )
}

async function createRole(
  parts: RoleServiceParts,
  tenantId: string,
  input: unknown,
): ReturnType<RoleService['create']> {
  const parsed = roleInput.safeParse(input)
  if (!parsed.success) return invalid(parsed.error, roleInput, input)
  const role = parsed.data
  const own = await readRoles(parts.records, tenantId)
  if (parts.installation().has(role.name) || own.has(role.name)) {
    return fail('conflict', { detail: `There is a role ${role.name} already.` })
  }
  const most = parts.rolesPerTenantMax()
  if (own.size >= most)
    return fail('conflict', { detail: `A tenant may have at most ${most} roles.` })
  const refused = refuseAncestry(parts, own, role)
  if (refused !== undefined) return refused
  const nowMs = parts.clock.nowMs()
  const row = { id: parts.ids('role'), tenantId, ...role, createdAtMs: nowMs, updatedAtMs: nowMs }
  const stored = await parts.records.commit([
    { op: 'insert', collection: roleCollection.name, row },
  ])
  if (!stored.ok) return fail('conflict', { detail: `There is a role ${role.name} already.` })
  await parts.announce(tenantId)
  return succeed({ before: undefined, after: viewOf({ ...row, version: 1 }) })
}

async function updateRole(
  parts: RoleServiceParts,
  tenantId: string,
  roleName: string,
  patch: unknown,
  ifVersion: number | undefined,
): ReturnType<RoleService['update']> {
  const parsed = rolePatch.safeParse(patch)
  if (!parsed.success) return invalid(parsed.error, rolePatch, patch)
  if (parts.installation().has(roleName)) return readOnly(roleName)
  const own = await readRoles(parts.records, tenantId)
  const row = own.get(roleName)
  if (row === undefined) return notFound(roleName)
  const set = Object.fromEntries(
    Object.entries(parsed.data).filter(([, value]) => value !== undefined),
  )
  const changed: RoleRow = { ...row, ...set, version: row.version + 1 }
  const refused = refuseAncestry(parts, own, changed)
  if (refused !== undefined) return refused
  const change = { op: 'update', collection: roleCollection.name, tenantId, id: row.id } as const
  const stored = await parts.records.commit([
    { ...change, set, ifVersion: ifVersion ?? row.version },
  ])
  if (!stored.ok)
    return stored.reason === 'missing' ? notFound(roleName) : fail('precondition_failed')
  await parts.announce(tenantId)
  return succeed({ before: viewOf(row), after: viewOf(changed) })
}

async function deleteRole(
  parts: RoleServiceParts,
  tenantId: string,
  roleName: string,
  ifVersion: number | undefined,
): ReturnType<RoleService['delete']> {
  if (parts.installation().has(roleName)) return readOnly(roleName)
  const own = await readRoles(parts.records, tenantId)
  const row = own.get(roleName)
  if (row === undefined) return notFound(roleName)
  const heir = [...own.values()].find((role) => role.inherits.includes(roleName))
  if (heir !== undefined) {
    return fail('conflict', { detail: `Role ${heir.name} inherits ${roleName}.` })
  }
  const changes: readonly Change[] = [
    {
      op: 'delete',
      collection: roleCollection.name,
      tenantId,
      id: row.id,
      ifVersion: ifVersion ?? row.version,
    },
    {
      op: 'deleteWhere',
      collection: assignmentCollection.name,
      tenantId,
      index: 'byRole',
      equals: { role: roleName },
    },
  ]
  const stored = await parts.records.commit(changes)
  if (!stored.ok)
    return stored.reason === 'missing' ? notFound(roleName) : fail('precondition_failed')
  await parts.announce(tenantId)
  return succeed({ before: viewOf(row), after: undefined })
}
