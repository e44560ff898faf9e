import { z } from 'zod'
import type { Outcome } from '../../../core/refusal.ts'
import { fail, succeed } from '../../../core/refusal.ts'
import type { IssuedTokens, TokenOwner } from '../../../identity/index.ts'
import { tokenInput } from '../../../identity/index.ts'
import { answerOne, answerRemoval } from '../changes.ts'
import type { Handover } from '../excess.ts'
import { refuseExcess } from '../excess.ts'
import type { Answer, OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { answerPage, pageOf, pageQuery } from '../pages.ts'
import type { AdminParts } from '../parts.ts'
import { noQuery, tenantParams, tokenParams } from '../parameters.ts'
import { issuedTokens, tokenView } from '../views.ts'

const facts = {
  path: '/tenants/{tenantId}/tokens',
  tag: 'Tokens',
  scope: 'tenant',
  permission: 'tollgate.tenant.tokens:write',
  status: 200,
} as const satisfies Partial<OperationFacts>

const issueBody = tokenInput
  .extend({
    owner: z.strictObject({ kind: z.enum(['key', 'user']), id: z.string().min(1).max(128) }),
  })
  .meta({ id: 'TokenIssueInput' })

async function handoverOf(
  owner: TokenOwner,
  tenantId: string,
  { identity }: AdminParts,
): Promise<Outcome<Handover>> {
  if (owner.kind === 'user') {
    const user = await identity.users.get(tenantId, owner.id)
    return user.ok ? succeed({ userId: owner.id }) : user
  }
  return identity.keys.get(tenantId, owner.id)
}

const answerTokens = ({ view, ...tokens }: IssuedTokens): Answer => ({
  body: {
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken ?? null,
    expiresAtMs: tokens.expiresAtMs,
    refreshExpiresAtMs: tokens.refreshExpiresAtMs ?? null,
    token: view,
  },
  change: { target: view.id, after: view },
})

/** Opaque access tokens of a tenant. */
export const tokenOperations = [
  operation({
    ...facts,
    id: 'listTokens',
    method: 'get',
    summary: 'List tokens, newest first',
    permission: 'tollgate.tenant.tokens:read',
    result: pageOf(tokenView),
    params: tenantParams,
    query: pageQuery.extend({ ownerId: z.string().max(128).optional() }),
    run: async ({ params, query }, { identity }) =>
      answerPage(await identity.tokens.list(params.tenantId, query)),
  }),
  operation({
    ...facts,
    id: 'issueToken',
    method: 'post',
    summary: 'Issue an access token for a key or a user',
    action: 'token.issue',
    status: 201,
    result: issuedTokens,
    params: tenantParams,
    query: noQuery,
    body: issueBody,
    run: async ({ params: { tenantId }, body, principal }, parts) => {
      const { owner, ...input } = body
      const handover = await handoverOf(owner, tenantId, parts)
      if (!handover.ok) return handover
      const refusal = await refuseExcess(parts, principal, tenantId, handover.value)
      if (refusal !== undefined) return { ok: false, refusal }
      const issued = await parts.identity.tokens.issue(tenantId, owner, input)
      return issued.ok ? succeed(answerTokens(issued.value)) : issued
    },
  }),
  operation({
    ...facts,
    id: 'inspectToken',
    method: 'post',
    path: '/tenants/{tenantId}/tokens/inspect',
    summary: 'Tell whether an access token is valid now, and whose it is',
    permission: 'tollgate.tenant.tokens:read',
    result: tokenView,
    params: tenantParams,
    query: noQuery,
    body: z.strictObject({ token: z.string().min(1).max(512) }),
    run: async ({ params, body }, { identity }) => {
      const found = await identity.tokens.inspect(body.token)
      const own = found.ok && found.value.tenantId === params.tenantId
      return own ? answerOne(found) : fail('not_found', { detail: 'No good token of this tenant.' })
    },
  }),
  operation({
    ...facts,
    id: 'revokeToken',
    method: 'delete',
    path: '/tenants/{tenantId}/tokens/{tokenId}',
    summary: 'Revoke a token with its whole family',
    action: 'token.revoke',
    status: 204,
    params: tokenParams,
    query: noQuery,
    run: async ({ params }, { identity }) =>
      answerRemoval(await identity.tokens.revoke(params.tenantId, params.tokenId)),
  }),
]
