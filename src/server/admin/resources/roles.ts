import { z } from 'zod'
import { name, permission } from '../../../core/config/fields.ts'
import { succeed } from '../../../core/refusal.ts'
import { answerChange, answerOne, answerRemoval, versionCheck } from '../changes.ts'
import { refuseExcess } from '../excess.ts'
import type { OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { answerPage, answerSlice, pageOf, pageQuery } from '../pages.ts'
import { noQuery, roleParams, tenantParams, userParams, userRoleParams } from '../parameters.ts'
import { assignmentView, roleView } from '../views.ts'

const path = '/tenants/{tenantId}/roles/{role}'

const one = {
  path,
  tag: 'Roles',
  scope: 'tenant',
  permission: 'tollgate.tenant.roles:write',
  status: 200,
  result: roleView,
} as const satisfies Partial<OperationFacts>

const assignment = {
  tag: 'Roles',
  scope: 'tenant',
  permission: 'tollgate.tenant.assignments:write',
  path: '/tenants/{tenantId}/users/{userId}/roles/{role}',
} as const satisfies Partial<OperationFacts>

const rolePatch = z
  .strictObject({
    description: z.string().max(500),
    permissions: z.array(permission()).max(256),
    inherits: z.array(name()).max(64),
  })
  .partial()
  .meta({ id: 'RolePatch' })

const roleInput = rolePatch.extend({ name: name() }).meta({ id: 'RoleInput' })

/** Roles of a tenant and who holds them. */
export const roleOperations = [
  operation({
    ...one,
    id: 'listRoles',
    method: 'get',
    path: '/tenants/{tenantId}/roles',
    summary: 'List roles, including built-in and configured ones',
    permission: 'tollgate.tenant.roles:read',
    result: pageOf(roleView),
    params: tenantParams,
    query: pageQuery,
    run: async ({ params, query }, { policy }) =>
      answerPage(await policy.roles.list(params.tenantId, query)),
  }),
  operation({
    ...one,
    id: 'createRole',
    method: 'post',
    path: '/tenants/{tenantId}/roles',
    summary: 'Create a role',
    action: 'role.create',
    status: 201,
    params: tenantParams,
    query: noQuery,
    body: roleInput,
    run: async ({ params: { tenantId }, body, principal }, parts) => {
      const handover = { roles: body.inherits ?? [], permissions: body.permissions ?? [] }
      const refusal = await refuseExcess(parts, principal, tenantId, handover)
      if (refusal !== undefined) return { ok: false, refusal }
      const made = await parts.policy.roles.create(tenantId, body)
      return answerChange(made, (role) => `/v1/tenants/${tenantId}/roles/${role.name}`)
    },
  }),
  operation({
    ...one,
    id: 'getRole',
    method: 'get',
    summary: 'Show a role',
    permission: 'tollgate.tenant.roles:read',
    params: roleParams,
    query: noQuery,
    run: async ({ params }, { policy }) =>
      answerOne(await policy.roles.get(params.tenantId, params.role)),
  }),
  operation({
    ...one,
    id: 'updateRole',
    method: 'patch',
    summary: 'Change a role of the tenant',
    action: 'role.update',
    conditional: true,
    params: roleParams,
    query: noQuery,
    body: rolePatch,
    run: async ({ params: { tenantId, role }, body, principal, ifVersion }, parts) => {
      const handover = { roles: body.inherits ?? [], permissions: body.permissions ?? [] }
      const refusal = await refuseExcess(parts, principal, tenantId, handover)
      if (refusal !== undefined) return { ok: false, refusal }
      const check = versionCheck(ifVersion)
      return answerChange(await parts.policy.roles.update(tenantId, role, body, check))
    },
  }),
  operation({
    id: 'deleteRole',
    method: 'delete',
    path,
    tag: 'Roles',
    scope: 'tenant',
    permission: 'tollgate.tenant.roles:write',
    status: 204,
    summary: 'Delete a role and its assignments',
    action: 'role.delete',
    conditional: true,
    params: roleParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { policy }) =>
      answerRemoval(
        await policy.roles.delete(params.tenantId, params.role, versionCheck(ifVersion)),
      ),
  }),
  operation({
    ...one,
    id: 'listRoleHolders',
    method: 'get',
    path: `${path}/holders`,
    summary: 'List who holds a role',
    permission: 'tollgate.tenant.assignments:read',
    result: pageOf(assignmentView),
    params: roleParams,
    query: pageQuery,
    run: async ({ params, query }, { policy }) =>
      answerPage(await policy.assignments.holders(params.tenantId, params.role, query)),
  }),
  operation({
    ...assignment,
    id: 'listAssignments',
    method: 'get',
    path: '/tenants/{tenantId}/users/{userId}/roles',
    summary: 'List the roles of a user',
    permission: 'tollgate.tenant.assignments:read',
    status: 200,
    result: pageOf(assignmentView),
    params: userParams,
    query: pageQuery,
    run: async ({ params, query }, { policy }) =>
      answerSlice(await policy.assignments.list(params.tenantId, params.userId), query),
  }),
  operation({
    ...assignment,
    id: 'assignRole',
    method: 'put',
    summary: 'Assign a role to a user',
    action: 'role.assign',
    status: 200,
    result: assignmentView,
    params: userRoleParams,
    query: noQuery,
    run: async ({ params: { tenantId, userId, role }, principal }, parts) => {
      const user = await parts.identity.users.get(tenantId, userId)
      if (!user.ok) return user
      const refusal = await refuseExcess(parts, principal, tenantId, { roles: [role] })
      if (refusal !== undefined) return { ok: false, refusal }
      const assigned = await parts.policy.assignments.assign(tenantId, userId, role)
      if (assigned.ok || assigned.refusal.code !== 'conflict') return answerChange(assigned)
      // PUT is idempotent: a user who already holds the role keeps it.
      const held = await parts.policy.assignments.list(tenantId, userId)
      const same = held.find((each) => each.role === role)
      return same === undefined
        ? assigned
        : succeed({ body: same, change: { before: same, after: same } })
    },
  }),
  operation({
    ...assignment,
    id: 'unassignRole',
    method: 'delete',
    summary: 'Remove a role from a user',
    action: 'role.unassign',
    status: 204,
    params: userRoleParams,
    query: noQuery,
    run: async ({ params: { tenantId, userId, role } }, { policy }) =>
      answerRemoval(await policy.assignments.unassign(tenantId, userId, role)),
  }),
]
