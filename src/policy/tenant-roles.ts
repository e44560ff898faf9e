import type { Records } from '../storage/index.ts'
import { roleCollection } from './collections.ts'
import type { RoleRow } from './collections.ts'
import type { InstallationRole } from './config.ts'
import { compilePermissions, narrowGrants } from './permission-set.ts'
import { DIRECT_GRANT, expandRoles } from './role-graph.ts'
import type { RoleLookup } from './role-graph.ts'
import type { Grant, GrantRequest } from './services.ts'

/** The roles that one tenant can use, and the grants compiled from them. */
export interface TenantRoles {
  readonly own: ReadonlyMap<string, RoleRow>
  readonly lookup: RoleLookup
  /** A compiled, interned grant: equal requests get the same object. */
  grant(request: GrantRequest): Grant
}

/** How many tenants' roles are remembered, and how many grants for each of them. */
const TENANTS_MAX = 10_000
const GRANTS_MAX = 10_000

/** Remembers the compiled roles of tenants until they change. */
export interface TenantRolesCache {
  /** A tenant's roles, if they are in memory. */
  known(tenantId: string): TenantRoles | undefined
  load(tenantId: string): Promise<TenantRoles>
  /** Forgets a tenant, or all of them; a load in progress will not be remembered. */
  forget(tenantId: string | undefined): void
  replaceInstallationRoles(roles: ReadonlyMap<string, InstallationRole>): void
}

/** Creates a {@link TenantRolesCache}. */
export function createTenantRolesCache(
  records: Records,
  installation: ReadonlyMap<string, InstallationRole>,
): TenantRolesCache {
  let shared = compileTenantRoles(new Map(), installation)
  let roles = installation
  let generation = 0
  const tenants = new Map<string, TenantRoles>()
  return {
    known(tenantId) {
      return tenants.get(tenantId)
    },
    async load(tenantId) {
      const before = generation
      const own = await readRoles(records, tenantId)
      const compiled = own.size === 0 ? shared : compileTenantRoles(own, roles)
      if (before !== generation) return compileTenantRoles(own, roles)
      if (tenants.size >= TENANTS_MAX) tenants.clear()
      tenants.set(tenantId, compiled)
      return compiled
    },
    forget(tenantId) {
      generation++
      if (tenantId === undefined) tenants.clear()
      else tenants.delete(tenantId)
    },
    replaceInstallationRoles(next) {
      generation++
      roles = next
      shared = compileTenantRoles(new Map(), next)
      tenants.clear()
    },
  }
}

/** Reads all of a tenant's own roles; their number is bounded when they are created. */
export async function readRoles(
  records: Records,
  tenantId: string,
): Promise<ReadonlyMap<string, RoleRow>> {
  const reader = records.tenant(tenantId, roleCollection)
  const page = await reader.find({ index: 'byName', equals: {}, limit: 1000 })
  return new Map(page.rows.map((row) => [row.name, row]))
}

function compileTenantRoles(
  own: ReadonlyMap<string, RoleRow>,
  installation: ReadonlyMap<string, InstallationRole>,
): TenantRoles {
  const lookup: RoleLookup = (name) => installation.get(name) ?? own.get(name)
  const grants = new Map<string, Grant>()
  return {
    own,
    lookup,
    grant(request) {
      const roles = [...new Set(request.roles)].sort()
      const permissions = [...new Set(request.permissions)].sort()
      const scope = request.scope === undefined ? undefined : [...new Set(request.scope)].sort()
      const key = JSON.stringify([roles, permissions, scope])
      const remembered = grants.get(key)
      if (remembered !== undefined) return remembered
      const patterns = [
        ...permissions.map((pattern) => ({ role: DIRECT_GRANT, pattern })),
        ...expandRoles(roles, lookup),
      ]
      const grant = Object.freeze({
        roles: Object.freeze(roles),
        permissions: compilePermissions(
          scope === undefined ? patterns : narrowGrants(patterns, scope),
        ),
      })
      if (grants.size >= GRANTS_MAX) grants.clear()
      grants.set(key, grant)
      return grant
    },
  }
}
