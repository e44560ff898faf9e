import { z } from 'zod'
import { name, permission } from '../core/config/fields.ts'
import { BUILT_IN_ROLES } from './built-in-roles.ts'
import { describeRoleProblem, findRoleProblem } from './role-graph.ts'
import type { Role } from './role-graph.ts'

const role = z.strictObject({
  description: z.string().max(500).default('').describe('What the role is for.'),
  permissions: z
    .array(permission())
    .max(1000)
    .default([])
    .describe('Permissions such as scene:read, scene:* or *:read.'),
  inherits: z
    .array(name())
    .max(64)
    .default([])
    .describe('Roles whose permissions this role also has.'),
})

const allowList = z
  .strictObject({
    kind: z
      .enum(['path', 'exact'])
      .default('path')
      .describe(
        '`path` normalizes paths, and refuses traversal and hidden names; `exact` compares text as it is.',
      ),
    ignoreCase: z
      .boolean()
      .default(false)
      .describe('Ignore the difference between uppercase and lowercase.'),
    entries: z.array(z.string().min(1)).default([]).describe('Allowed values.'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Text file with one entry per line; empty lines and lines that start with `#` are skipped.',
      ),
  })
  .refine((list) => list.entries.length > 0 || list.file !== undefined, {
    error: 'expected entries or a file',
  })

/** Configuration of policy: roles that every tenant has, and named allow-lists. */
export const policyConfig = z
  .strictObject({
    roles: z.record(name(), role).default({}).describe('Roles that every tenant has.'),
    allowLists: z.record(name(), allowList).default({}).describe('Lists that routes refer to.'),
    rolesPerTenantMax: z
      .int()
      .min(0)
      .max(1000)
      .default(200)
      .describe('Maximum number of roles that a tenant may define for itself.'),
  })
  .superRefine((config, context) => {
    const roles = installationRoles(config)
    for (const roleName of Object.keys(config.roles)) {
      const problem = findRoleProblem(roleName, (wanted) => roles.get(wanted))
      if (problem === undefined) continue
      const message = describeRoleProblem(problem)
      context.addIssue({ code: 'custom', message, path: ['roles', roleName, 'inherits'] })
    }
  })

/** The configuration after parsing. */
export type PolicyConfig = z.output<typeof policyConfig>

/** An installation-wide role, and where it comes from. */
export interface InstallationRole extends Role {
  readonly description: string
  readonly origin: 'built-in' | 'configuration'
}

/** The built-in roles, with those of the configuration added or replacing them. */
export function installationRoles(
  config: Pick<PolicyConfig, 'roles'>,
): ReadonlyMap<string, InstallationRole> {
  const roles = new Map<string, InstallationRole>()
  for (const builtIn of BUILT_IN_ROLES) roles.set(builtIn.name, { ...builtIn, origin: 'built-in' })
  for (const [roleName, configured] of Object.entries(config.roles)) {
    roles.set(roleName, { ...configured, name: roleName, origin: 'configuration' })
  }
  return roles
}
