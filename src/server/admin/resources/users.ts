import { z } from 'zod'
import type { Outcome } from '../../../core/refusal.ts'
import { userInput, userPatch } from '../../../identity/index.ts'
import { answerChange, answerOne, answerRemoval, versionCheck } from '../changes.ts'
import { refuseExcess } from '../excess.ts'
import type { Answer, OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { answerPage, pageOf, pageQuery } from '../pages.ts'
import { noQuery, tenantParams, userParams } from '../parameters.ts'
import { userView } from '../views.ts'

const path = '/tenants/{tenantId}/users/{userId}'

const one = {
  path,
  tag: 'Users',
  scope: 'tenant',
  permission: 'tollgate.tenant.users:write',
  status: 200,
  result: userView,
} as const satisfies Partial<OperationFacts>

const passwordBody = z
  .strictObject({ password: z.string().min(1).max(1024) })
  .meta({ id: 'PasswordInput' })

/** Users of a tenant. */
export const userOperations = [
  operation({
    ...one,
    id: 'listUsers',
    method: 'get',
    path: '/tenants/{tenantId}/users',
    summary: 'List users',
    permission: 'tollgate.tenant.users:read',
    result: pageOf(userView),
    params: tenantParams,
    query: pageQuery.extend({ login: z.string().max(254).optional() }),
    run: async ({ params, query }, { identity }): Promise<Outcome<Answer>> => {
      if (query.login === undefined) {
        return answerPage(await identity.users.list(params.tenantId, query))
      }
      const found = await identity.users.getByLogin(params.tenantId, query.login)
      return answerPage({ rows: found.ok ? [found.value] : [] })
    },
  }),
  operation({
    ...one,
    id: 'createUser',
    method: 'post',
    path: '/tenants/{tenantId}/users',
    summary: 'Create a user',
    action: 'user.create',
    status: 201,
    params: tenantParams,
    query: noQuery,
    body: userInput,
    run: async ({ params: { tenantId }, body }, { identity }) =>
      answerChange(
        await identity.users.create(tenantId, body),
        (user) => `/v1/tenants/${tenantId}/users/${user.id}`,
      ),
  }),
  operation({
    ...one,
    id: 'getUser',
    method: 'get',
    summary: 'Show a user',
    permission: 'tollgate.tenant.users:read',
    params: userParams,
    query: noQuery,
    run: async ({ params }, { identity }) =>
      answerOne(await identity.users.get(params.tenantId, params.userId)),
  }),
  operation({
    ...one,
    id: 'updateUser',
    method: 'patch',
    summary: 'Change a user',
    action: 'user.update',
    conditional: true,
    params: userParams,
    query: noQuery,
    body: userPatch,
    run: async ({ params, body, ifVersion }, { identity }) =>
      answerChange(
        await identity.users.update(params.tenantId, params.userId, body, versionCheck(ifVersion)),
      ),
  }),
  operation({
    ...one,
    id: 'setPassword',
    method: 'put',
    path: `${path}/password`,
    summary: 'Set the password of a user',
    description: 'Ends all sessions and tokens of the user.',
    action: 'user.password',
    conditional: true,
    params: userParams,
    query: noQuery,
    body: passwordBody,
    run: async ({ params, body, principal, ifVersion }, parts) => {
      const { tenantId, userId } = params
      const refusal = await refuseExcess(parts, principal, tenantId, { userId })
      if (refusal !== undefined) return { ok: false, refusal }
      const { users } = parts.identity
      const check = versionCheck(ifVersion)
      return answerChange(await users.setPassword(tenantId, userId, body.password, check))
    },
  }),
  operation({
    ...one,
    id: 'disableUser',
    method: 'post',
    path: `${path}/disable`,
    summary: 'Disable a user until enabled again',
    description: 'The sessions of the user end for good.',
    action: 'user.disable',
    conditional: true,
    params: userParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerChange(
        await identity.users.disable(params.tenantId, params.userId, versionCheck(ifVersion)),
      ),
  }),
  operation({
    ...one,
    id: 'enableUser',
    method: 'post',
    path: `${path}/enable`,
    summary: 'Enable a disabled user',
    action: 'user.enable',
    conditional: true,
    params: userParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerChange(
        await identity.users.enable(params.tenantId, params.userId, versionCheck(ifVersion)),
      ),
  }),
  operation({
    id: 'deleteUser',
    method: 'delete',
    path,
    tag: 'Users',
    scope: 'tenant',
    permission: 'tollgate.tenant.users:write',
    status: 204,
    summary: 'Delete a user with all sessions and tokens',
    action: 'user.delete',
    conditional: true,
    params: userParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerRemoval(
        await identity.users.delete(params.tenantId, params.userId, versionCheck(ifVersion)),
      ),
  }),
]
