import { z } from 'zod'
import type { Outcome } from '../../../core/refusal.ts'
import { succeed } from '../../../core/refusal.ts'
import type { Ban } from '../../../limits/index.ts'
import { NEVER_MS } from '../../../limits/index.ts'
import type { OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { answerPage, pageOf, pageQuery } from '../pages.ts'
import { banParams, noParams, noQuery } from '../parameters.ts'
import type { Principal } from '../principal.ts'
import { banView } from '../views.ts'

const facts = {
  path: '/bans',
  tag: 'Bans',
  scope: 'installation',
  permission: 'tollgate.system.bans:write',
  status: 200,
  result: banView,
} as const satisfies Partial<OperationFacts>

const banInput = z
  .strictObject({
    kind: z.enum(['address', 'key']),
    subject: z
      .string()
      .min(1)
      .max(128)
      .describe(
        "An address, a network in CIDR notation, or the id of a key (its tokens are banned too), a token, a session or a user (with all of the user's credentials).",
      ),
    reason: z.string().min(1).max(200),
    durationMs: z
      .int()
      .positive()
      .optional()
      .describe('Duration of the ban; permanent when left out.'),
    tenantId: z.string().max(64).optional().describe('The tenant of the credential.'),
    force: z
      .boolean()
      .optional()
      .describe(
        'Also allow banning a network wider than /8 (IPv4) or /16 (IPv6), one that contains your own address, or your own credential, key or user.',
      ),
  })
  .meta({ id: 'BanInput' })

const viewOf = (ban: Ban): z.output<typeof banView> => ({
  id: ban.id,
  kind: ban.kind,
  subject: ban.subject,
  reason: ban.reason,
  level: ban.level,
  createdAtMs: ban.createdAtMs,
  expiresAtMs: ban.expiresAtMs === NEVER_MS ? null : ban.expiresAtMs,
  bannedBy: ban.bannedBy,
  tenantId: ban.ownerTenantId,
})

const mapOutcome = <T, U>(outcome: Outcome<T>, map: (value: T) => U): Outcome<U> =>
  outcome.ok ? succeed(map(outcome.value)) : outcome

const idsOf = ({ id, ownerId, userId }: Principal): readonly string[] =>
  [id, ownerId, userId].filter((each) => each !== undefined)

/** Bans of addresses and credentials. */
export const banOperations = [
  operation({
    ...facts,
    id: 'listBans',
    method: 'get',
    summary: 'List the bans in force, soonest to end first',
    permission: 'tollgate.system.bans:read',
    result: pageOf(banView),
    params: noParams,
    query: pageQuery,
    run: async ({ query: { cursor, limit } }, { bans }) => {
      const page = await bans.list({ limit, ...(cursor !== undefined && { cursor }) })
      return answerPage({ ...page, rows: page.rows.map(viewOf) })
    },
  }),
  operation({
    ...facts,
    id: 'createBan',
    method: 'post',
    summary: 'Ban an address, a network, a credential or a user',
    action: 'ban.create',
    status: 201,
    params: noParams,
    query: noQuery,
    body: banInput,
    run: async ({ body, principal, address }, { bans }) => {
      const { durationMs, tenantId, force } = body
      const made = await bans.ban({
        kind: body.kind,
        subject: body.subject,
        reason: body.reason,
        bannedBy: principal.id,
        bannedFrom: address,
        ...(principal.kind !== 'root' && { bannedWith: idsOf(principal) }),
        ...(force !== undefined && { isForced: force }),
        ...(durationMs !== undefined && { durationMs }),
        ...(tenantId !== undefined && { ownerTenantId: tenantId }),
      })
      return mapOutcome(made, (ban) => {
        const view = viewOf(ban)
        return {
          body: view,
          location: `/v1/bans/${ban.id}`,
          change: { target: ban.id, after: view },
        }
      })
    },
  }),
  operation({
    ...facts,
    id: 'getBan',
    method: 'get',
    path: '/bans/{banId}',
    summary: 'Show a ban',
    permission: 'tollgate.system.bans:read',
    params: banParams,
    query: noQuery,
    run: async ({ params }, { bans }) =>
      mapOutcome(await bans.get(params.banId), (ban) => ({ body: viewOf(ban) })),
  }),
  operation({
    id: 'liftBan',
    method: 'delete',
    path: '/bans/{banId}',
    tag: 'Bans',
    scope: 'installation',
    permission: 'tollgate.system.bans:write',
    status: 204,
    summary: 'Lift a ban and forget its part in the escalation',
    action: 'ban.lift',
    params: banParams,
    query: noQuery,
    run: async ({ params }, { bans }) =>
      mapOutcome(await bans.lift(params.banId), (ban) => ({
        change: { target: ban.id, before: viewOf(ban) },
      })),
  }),
]
