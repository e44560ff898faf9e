import { z } from 'zod'
import type { Outcome } from '../../../core/refusal.ts'
import { succeed } from '../../../core/refusal.ts'
import type { Issued, KeyView } from '../../../identity/index.ts'
import { keyInput, keyPatch } from '../../../identity/index.ts'
import { answerChange, answerOne, answerRemoval, versionCheck } from '../changes.ts'
import { refuseExcess } from '../excess.ts'
import { refuseUnknownLimits } from '../own-limits.ts'
import type { Answer, OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { answerPage, pageOf, pageQuery } from '../pages.ts'
import { keyParams, noQuery, tenantParams } from '../parameters.ts'
import { issuedKey, keyView } from '../views.ts'

const path = '/tenants/{tenantId}/keys/{keyId}'

const one = {
  path,
  tag: 'API keys',
  scope: 'tenant',
  permission: 'tollgate.tenant.keys:write',
  status: 200,
  result: keyView,
} as const satisfies Partial<OperationFacts>

const rotateBody = z
  .strictObject({
    overlapMs: z
      .int()
      .nonnegative()
      .max(90 * 86_400_000)
      .optional()
      .describe('How long the previous secret keeps working; by default as configured (24 h).'),
  })
  .optional()

const answerIssued = (outcome: Outcome<Issued<KeyView>>): Outcome<Answer> => {
  if (!outcome.ok) return outcome
  const { before, after, secret } = outcome.value
  return succeed({
    body: { key: after, secret },
    version: after.version,
    location: `/v1/tenants/${after.tenantId}/keys/${after.id}`,
    change: { target: after.id, before, after },
  })
}

/** API keys of a tenant. */
export const keyOperations = [
  operation({
    ...one,
    id: 'listKeys',
    method: 'get',
    path: '/tenants/{tenantId}/keys',
    summary: 'List API keys, newest first',
    permission: 'tollgate.tenant.keys:read',
    result: pageOf(keyView),
    params: tenantParams,
    query: pageQuery.extend({ userId: z.string().max(128).optional() }),
    run: async ({ params, query }, { identity }) =>
      answerPage(await identity.keys.list(params.tenantId, query)),
  }),
  operation({
    ...one,
    id: 'createKey',
    method: 'post',
    path: '/tenants/{tenantId}/keys',
    summary: 'Create an API key',
    description: 'Only this answer contains the key itself.',
    action: 'key.create',
    status: 201,
    result: issuedKey,
    params: tenantParams,
    query: noQuery,
    body: keyInput.omit({ createdBy: true }),
    run: async ({ params: { tenantId }, body, principal }, parts) => {
      const refusal =
        refuseUnknownLimits(body, parts) ?? (await refuseExcess(parts, principal, tenantId, body))
      if (refusal !== undefined) return { ok: false, refusal }
      const input = { ...body, createdBy: principal.id }
      return answerIssued(await parts.identity.keys.create(tenantId, input))
    },
  }),
  operation({
    ...one,
    id: 'getKey',
    method: 'get',
    summary: 'Show an API key',
    permission: 'tollgate.tenant.keys:read',
    params: keyParams,
    query: noQuery,
    run: async ({ params }, { identity }) =>
      answerOne(await identity.keys.get(params.tenantId, params.keyId)),
  }),
  operation({
    ...one,
    id: 'updateKey',
    method: 'patch',
    summary: 'Change an API key',
    action: 'key.update',
    conditional: true,
    params: keyParams,
    query: noQuery,
    body: keyPatch,
    run: async ({ params: { tenantId, keyId }, body, principal, ifVersion }, parts) => {
      const { roles = [], permissions = [], userId } = body
      const handover = { roles, permissions, userId }
      const refusal =
        refuseUnknownLimits(body, parts) ??
        (await refuseExcess(parts, principal, tenantId, handover))
      if (refusal !== undefined) return { ok: false, refusal }
      const { keys } = parts.identity
      return answerChange(await keys.update(tenantId, keyId, body, versionCheck(ifVersion)))
    },
  }),
  operation({
    ...one,
    id: 'rotateKey',
    method: 'post',
    path: `${path}/rotate`,
    summary: 'Create a new secret for an API key',
    description: 'The previous secret keeps working for the overlap.',
    action: 'key.rotate',
    conditional: true,
    result: issuedKey,
    params: keyParams,
    query: noQuery,
    body: rotateBody,
    run: async ({ params: { tenantId, keyId }, body, principal, ifVersion }, parts) => {
      const { keys } = parts.identity
      const found = await keys.get(tenantId, keyId)
      if (!found.ok) return found
      const refusal = await refuseExcess(parts, principal, tenantId, found.value)
      if (refusal !== undefined) return { ok: false, refusal }
      const options = { ...versionCheck(ifVersion), overlapMs: body?.overlapMs }
      return answerIssued(await keys.rotate(tenantId, keyId, options))
    },
  }),
  operation({
    ...one,
    id: 'disableKey',
    method: 'post',
    path: `${path}/disable`,
    summary: 'Disable an API key until enabled again',
    action: 'key.disable',
    conditional: true,
    params: keyParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerChange(
        await identity.keys.disable(params.tenantId, params.keyId, versionCheck(ifVersion)),
      ),
  }),
  operation({
    ...one,
    id: 'enableKey',
    method: 'post',
    path: `${path}/enable`,
    summary: 'Enable a disabled API key',
    action: 'key.enable',
    conditional: true,
    params: keyParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerChange(
        await identity.keys.enable(params.tenantId, params.keyId, versionCheck(ifVersion)),
      ),
  }),
  operation({
    ...one,
    id: 'revokeKey',
    method: 'post',
    path: `${path}/revoke`,
    summary: 'Revoke an API key for good; it stays listed',
    action: 'key.revoke',
    conditional: true,
    params: keyParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerChange(
        await identity.keys.revoke(params.tenantId, params.keyId, versionCheck(ifVersion)),
      ),
  }),
  operation({
    id: 'deleteKey',
    method: 'delete',
    path,
    tag: 'API keys',
    scope: 'tenant',
    permission: 'tollgate.tenant.keys:write',
    status: 204,
    summary: 'Delete an API key and the tokens issued with it',
    action: 'key.delete',
    conditional: true,
    params: keyParams,
    query: noQuery,
    run: async ({ params, ifVersion }, { identity }) =>
      answerRemoval(
        await identity.keys.delete(params.tenantId, params.keyId, versionCheck(ifVersion)),
      ),
  }),
]
