import { z } from 'zod'
import type { Refusal } from '../../../core/refusal.ts'
import { succeed } from '../../../core/refusal.ts'
import type { LimitSubject } from '../../../limits/index.ts'
import type { OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { answerSlice, pageOf, pageQuery } from '../pages.ts'
import { limitParams, noParams } from '../parameters.ts'
import type { AdminParts } from '../parts.ts'
import { checkTenant } from '../tenant-check.ts'
import { limitUse, limitView } from '../views.ts'

const facts = {
  tag: 'Limits',
  scope: 'installation',
  permission: 'tollgate.system.limits:read',
  status: 200,
} as const satisfies Partial<OperationFacts>

const text = (): z.ZodOptional<z.ZodString> => z.string().min(1).max(128).optional()

const subjectQuery = z.strictObject({
  address: text().describe('Client address.'),
  keyId: text().describe('Id of the credential.'),
  userId: text(),
  tenantId: text(),
  routeId: text(),
  plan: text().describe('The plan whose rate applies; defaults to that of the key or the tenant.'),
})

/**
 * The subject whose use is requested. If the tenant of a key is named, the key's limits and plan apply, and the
 * tenant's plan.
 */
async function subjectOf(
  limit: string,
  query: z.output<typeof subjectQuery>,
  { identity }: AdminParts,
): Promise<LimitSubject> {
  const { tenantId, keyId } = query
  const tenant = tenantId === undefined ? undefined : await identity.tenants.get(tenantId)
  const found =
    tenantId === undefined || keyId === undefined
      ? undefined
      : await identity.keys.get(tenantId, keyId)
  const key = found?.ok === true ? found.value : undefined
  const plan = query.plan ?? key?.plan ?? (tenant?.ok === true ? tenant.value.plan : undefined)
  const named = Object.entries(query).filter(([, value]) => value !== undefined)
  return {
    limit,
    ...(Object.fromEntries(named) as Partial<Record<keyof typeof query, string>>),
    ...(typeof plan === 'string' && { plan }),
    ...(key?.limits && { limits: key.limits }),
  }
}

/** Refuses a tenant that does not exist, because its name was probably misspelled. */
const checkNamed = async (
  { tenantId }: z.output<typeof subjectQuery>,
  parts: AdminParts,
): Promise<Refusal | undefined> =>
  tenantId === undefined ? undefined : checkTenant(tenantId, parts)

/** Limits and their use. */
export const limitOperations = [
  operation({
    ...facts,
    id: 'listLimits',
    method: 'get',
    path: '/limits',
    summary: 'List the configured limits',
    result: pageOf(limitView),
    params: noParams,
    query: pageQuery,
    run: ({ query }, { limiter }) => answerSlice(limiter().list(), query),
  }),
  operation({
    ...facts,
    id: 'peekLimit',
    method: 'get',
    path: '/limits/{limit}/use',
    summary: 'Show how much of a limit a subject has left, without using any',
    result: limitUse,
    params: limitParams,
    query: subjectQuery,
    run: async ({ params, query }, parts) => {
      const missing = await checkNamed(query, parts)
      if (missing !== undefined) return { ok: false, refusal: missing }
      const use = await parts.limiter().peek(await subjectOf(params.limit, query, parts))
      return use.ok ? succeed({ body: use.value }) : use
    },
  }),
  operation({
    ...facts,
    id: 'resetLimit',
    method: 'delete',
    path: '/limits/{limit}/use',
    summary: 'Reset what a subject has used of a limit',
    permission: 'tollgate.system.limits:write',
    action: 'limit.reset',
    result: limitUse,
    params: limitParams,
    query: subjectQuery,
    run: async ({ params, query }, parts) => {
      const missing = await checkNamed(query, parts)
      if (missing !== undefined) return { ok: false, refusal: missing }
      const { limiter } = parts
      const subject = await subjectOf(params.limit, query, parts)
      const before = await limiter().peek(subject)
      if (!before.ok) return before
      const after = await limiter().reset(subject)
      if (!after.ok) return after
      const change = { target: params.limit, before: before.value, after: after.value }
      return succeed({ body: after.value, change })
    },
  }),
]
