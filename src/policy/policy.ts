import type { Clock } from '../core/clock.ts'
import { createIdFactory } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Bus, Records } from '../storage/index.ts'
import { compileAllowList } from './allow-list.ts'
import { createAssignmentService, readAssignments } from './assignment-service.ts'
import { createPolicyChanges } from './changes.ts'
import type { PolicyConfig } from './config.ts'
import { installationRoles } from './config.ts'
import { createExclusive } from './exclusive.ts'
import { covers } from './permission.ts'
import { createRoleService } from './role-service.ts'
import type { AllowList, Grant, GrantRequest, Policy } from './services.ts'
import { createTenantRolesCache } from './tenant-roles.ts'
import type { TenantRoles } from './tenant-roles.ts'

/** What {@link createPolicy} needs. */
export interface PolicyOptions {
  readonly records: Records
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  readonly config: PolicyConfig
  /** Reads an allow-list file. */
  readonly readText: (path: string) => string
}

/** Creates a {@link Policy}. Throws an `AllowListError` when an allow-list cannot be read or compiled. */
export function createPolicy(options: PolicyOptions): Policy {
  const { records, clock } = options
  const ids = createIdFactory(clock, options.random)
  let config = options.config
  let installation = installationRoles(config)
  let allowLists = compileAllowLists(config, options.readText)
  let revision = 1
  const cache = createTenantRolesCache(records, installation)
  const changes = createPolicyChanges(options.bus, options.random)
  changes.onChange((tenantId) => {
    revision++
    cache.forget(tenantId)
  })
  const rolesOf = async (tenantId: string): Promise<TenantRoles> =>
    cache.known(tenantId) ?? cache.load(tenantId)
  const unknownRoles: Policy['unknownRoles'] = async (tenantId, roles) => {
    if (roles.length === 0) return []
    const { lookup } = await cache.load(tenantId)
    return roles.filter((role) => lookup(role) === undefined)
  }
  const exclusive = createExclusive()
  const announce = (tenantId: string): Promise<void> => changes.announce(tenantId)
  const shared = { records, clock, ids, exclusive, announce }
  return {
    roles: createRoleService({
      ...shared,
      installation: () => installation,
      rolesPerTenantMax: () => config.rolesPerTenantMax,
    }),
    assignments: createAssignmentService({ ...shared, unknownRoles }),
    compile(request) {
      const known = cache.known(request.tenantId)
      if (known !== undefined && request.subjectId === undefined) return known.grant(request)
      return compileFresh(records, rolesOf, request)
    },
    unknownRoles,
    async excess(granter, tenantId, roles, permissions) {
      const { permissions: wanted } = (await rolesOf(tenantId)).grant({
        tenantId,
        roles,
        permissions,
      })
      const held = granter.list()
      return wanted.list().filter((pattern) => !held.some((own) => covers(own, pattern)))
    },
    explain(permissions, permission) {
      const found = permissions.explain(permission)
      return {
        permission,
        allowed: found !== undefined,
        role: found?.role,
        matched: found?.permission,
        revision,
      }
    },
    allowList: (name) => allowLists.get(name),
    revision: () => revision,
    onChange: (listener) => changes.onChange(listener),
    configure(next) {
      const before = { config, installation, allowLists }
      const put = (state: typeof before): void => {
        ;({ config, installation, allowLists } = state)
        cache.replaceInstallationRoles(installation)
        changes.applyHere(undefined)
      }
      put({
        config: next,
        installation: installationRoles(next),
        allowLists: compileAllowLists(next, options.readText),
      })
      return () => put(before)
    },
    close: () => changes.close(),
  }
}

async function compileFresh(
  records: Records,
  rolesOf: (tenantId: string) => Promise<TenantRoles>,
  request: GrantRequest,
): Promise<Grant> {
  const { tenantId, subjectId } = request
  const [tenantRoles, assigned] = await Promise.all([
    rolesOf(tenantId),
    subjectId === undefined ? [] : readAssignments(records, tenantId, subjectId),
  ])
  const roles = [...request.roles, ...assigned.map((assignment) => assignment.role)]
  return tenantRoles.grant({ ...request, roles })
}

function compileAllowLists(
  config: PolicyConfig,
  readText: (path: string) => string,
): ReadonlyMap<string, AllowList> {
  return new Map(
    Object.entries(config.allowLists).map(([name, list]) => [
      name,
      compileAllowList(name, list, readText),
    ]),
  )
}
