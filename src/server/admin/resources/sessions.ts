import { z } from 'zod'
import { succeed } from '../../../core/refusal.ts'
import { answerRemoval } from '../changes.ts'
import type { OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { answerPage, pageOf, pageQuery } from '../pages.ts'
import { noQuery, sessionParams, userParams } from '../parameters.ts'
import { sessionView } from '../views.ts'

const ofUser = '/tenants/{tenantId}/users/{userId}/sessions'

const facts = {
  tag: 'Sessions',
  scope: 'tenant',
  permission: 'tollgate.tenant.sessions:write',
  status: 200,
} as const satisfies Partial<OperationFacts>

/** Sessions of users. */
export const sessionOperations = [
  operation({
    ...facts,
    id: 'listSessions',
    method: 'get',
    path: ofUser,
    summary: 'List the sessions of a user',
    permission: 'tollgate.tenant.sessions:read',
    result: pageOf(sessionView),
    params: userParams,
    query: pageQuery,
    run: async ({ params: { tenantId, userId }, query }, { identity }) =>
      answerPage(await identity.sessions.list(tenantId, { ...query, userId })),
  }),
  operation({
    ...facts,
    id: 'endSessions',
    method: 'delete',
    path: ofUser,
    summary: 'End every session and token of a user',
    action: 'session.endAll',
    result: z.object({ ended: z.int().describe('Number of sessions ended.') }),
    params: userParams,
    query: noQuery,
    run: async ({ params: { tenantId, userId } }, { identity }) => {
      const ended = await identity.sessions.endAll(tenantId, userId)
      if (!ended.ok) return ended
      const body = { ended: ended.value }
      return succeed({ body, change: { target: userId, after: body } })
    },
  }),
  operation({
    ...facts,
    id: 'endSession',
    method: 'delete',
    path: '/tenants/{tenantId}/sessions/{sessionId}',
    summary: 'End a session',
    action: 'session.end',
    status: 204,
    params: sessionParams,
    query: noQuery,
    run: async ({ params }, { identity }) =>
      answerRemoval(await identity.sessions.end(params.tenantId, params.sessionId)),
  }),
]
