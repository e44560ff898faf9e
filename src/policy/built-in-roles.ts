import type { Role } from './role-graph.ts'

/** A role with a sentence that explains it. */
export interface DescribedRole extends Role {
  readonly description: string
}

/**
 * The roles that every tenant has. The configuration may replace any of them; a tenant's own role cannot take one of
 * their names. A plain `*` does not reach the gate's own resources (`tollgate.…`).
 */
export const BUILT_IN_ROLES: readonly DescribedRole[] = [
  {
    name: 'viewer',
    description: 'Reads everything behind the gate.',
    permissions: ['*:read', '*:list'],
    inherits: [],
  },
  {
    name: 'editor',
    description: 'Reads, makes and changes everything behind the gate; deletes nothing.',
    permissions: ['*:create', '*:update', '*:write'],
    inherits: ['viewer'],
  },
  {
    name: 'admin',
    description: "Does everything behind the gate and looks after the tenant's keys and users.",
    permissions: [
      '*:*',
      'tollgate.tenant.keys:*',
      'tollgate.tenant.users:*',
      'tollgate.tenant.sessions:*',
      'tollgate.tenant.tokens:*',
      'tollgate.tenant.roles:read',
      'tollgate.tenant.assignments:*',
      'tollgate.tenant.usage:read',
      'tollgate.tenant.audit:read',
    ],
    inherits: [],
  },
  {
    name: 'auditor',
    description: "Reads the tenant's administration and its audit log, nothing behind the gate.",
    permissions: ['tollgate.tenant.*:read'],
    inherits: [],
  },
  {
    name: 'owner',
    description: 'Does everything within its tenant, administration included.',
    permissions: ['*:*', 'tollgate.tenant.*:*'],
    inherits: [],
  },
  {
    name: 'operator',
    description: 'Runs the installation: every tenant, the configuration, everything.',
    permissions: ['*:*', 'tollgate.*:*'],
    inherits: [],
  },
]
