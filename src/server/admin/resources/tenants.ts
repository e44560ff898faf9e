import { z } from 'zod'
import { tenantInput, tenantPatch } from '../../../identity/index.ts'
import { fail, succeed } from '../../../core/refusal.ts'
import { answerChange, answerOne, answerRemoval, versionCheck } from '../changes.ts'
import type { OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { refuseUnknownLimits } from '../own-limits.ts'
import { answerPage, pageOf, pageQuery } from '../pages.ts'
import { noParams, noQuery, tenantParams } from '../parameters.ts'
import { tenantView } from '../views.ts'

const path = '/tenants/{tenantId}'

const one = {
  path,
  tag: 'Tenants',
  scope: 'tenant',
  status: 200,
  result: tenantView,
} as const satisfies Partial<OperationFacts>

/** Tenants: made and removed by operators, seen and renamed by their own administrators. */
export const tenantOperations = [
  operation({
    ...one,
    id: 'listTenants',
    method: 'get',
    path: '/tenants',
    summary: 'List tenants',
    description: 'Credentials of a tenant see only that one.',
    scope: 'either',
    permission: 'tollgate.tenant.profile:read',
    result: pageOf(tenantView),
    params: noParams,
    query: pageQuery.extend({ status: z.enum(['active', 'suspended']).optional() }),
    run: async ({ principal, query }, { identity }) => {
      if (principal.tenantId === undefined) return answerPage(await identity.tenants.list(query))
      const own = await identity.tenants.get(principal.tenantId)
      if (!own.ok) return own
      const fits = query.status === undefined || query.status === own.value.status
      return succeed({ body: { data: fits ? [own.value] : [], nextCursor: null } })
    },
  }),
  operation({
    ...one,
    id: 'createTenant',
    method: 'post',
    path: '/tenants',
    summary: 'Create a tenant',
    scope: 'installation',
    permission: 'tollgate.system.tenants:write',
    action: 'tenant.create',
    status: 201,
    params: noParams,
    query: noQuery,
    body: tenantInput,
    run: async ({ body }, parts) => {
      const refusal = refuseUnknownLimits({ plan: body.plan }, parts)
      if (refusal !== undefined) return { ok: false, refusal }
      const made = await parts.identity.tenants.create(body)
      if (!made.ok) return made
      const answer = answerChange(made, (after) => `/v1/tenants/${after.id}`)
      const tenantId = made.value.after?.id
      if (!answer.ok || tenantId === undefined) return answer
      return succeed({ ...answer.value, change: { ...answer.value.change, tenantId } })
    },
  }),
  operation({
    ...one,
    id: 'getTenant',
    method: 'get',
    summary: 'Show a tenant',
    permission: 'tollgate.tenant.profile:read',
    params: tenantParams,
    query: noQuery,
    run: async ({ params }, { identity }) => answerOne(await identity.tenants.get(params.tenantId)),
  }),
  operation({
    ...one,
    id: 'updateTenant',
    method: 'patch',
    summary: 'Change a tenant',
    description: 'Only operators can change the plan.',
    permission: 'tollgate.tenant.profile:write',
    action: 'tenant.update',
    conditional: true,
    params: tenantParams,
    query: noQuery,
    body: tenantPatch,
    run: async ({ params, body, principal, ifVersion }, parts) => {
      if (body.plan !== undefined && principal.tenantId !== undefined) {
        return fail('permission_denied', { detail: 'Only operators change the plan.' })
      }
      const refusal = refuseUnknownLimits({ plan: body.plan }, parts)
      if (refusal !== undefined) return { ok: false, refusal }
      const { tenants } = parts.identity
      return answerChange(await tenants.update(params.tenantId, body, versionCheck(ifVersion)))
    },
  }),
  operation({
    ...one,
    id: 'suspendTenant',
    method: 'post',
    path: `${path}/suspend`,
    summary: 'Suspend a tenant',
    description: 'All of its credentials are refused until it is resumed.',
    permission: 'tollgate.system.tenants:write',
    action: 'tenant.suspend',
    conditional: true,
    params: tenantParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerChange(await identity.tenants.suspend(params.tenantId, versionCheck(ifVersion))),
  }),
  operation({
    ...one,
    id: 'resumeTenant',
    method: 'post',
    path: `${path}/resume`,
    summary: 'Resume a suspended tenant',
    permission: 'tollgate.system.tenants:write',
    action: 'tenant.resume',
    conditional: true,
    params: tenantParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerChange(await identity.tenants.resume(params.tenantId, versionCheck(ifVersion))),
  }),
  operation({
    id: 'deleteTenant',
    method: 'delete',
    path,
    tag: 'Tenants',
    scope: 'tenant',
    status: 204,
    summary: 'Delete a tenant with everything it has',
    permission: 'tollgate.system.tenants:write',
    action: 'tenant.delete',
    conditional: true,
    params: tenantParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerRemoval(await identity.tenants.delete(params.tenantId, versionCheck(ifVersion))),
  }),
]
