import { succeed } from '../../../core/refusal.ts'
import { operation } from '../operation.ts'
import { noParams, noQuery } from '../parameters.ts'
import { principalView, rootKeyIssued } from '../views.ts'

/** The caller's own identity, and the root key itself. */
export const selfOperations = [
  operation({
    id: 'whoAmI',
    method: 'get',
    path: '/me',
    tag: 'Access',
    scope: 'self',
    summary: 'Show whose credential was presented, and what it may do',
    status: 200,
    result: principalView,
    params: noParams,
    query: noQuery,
    run: ({ principal }) =>
      succeed({
        body: {
          kind: principal.kind,
          id: principal.id,
          tenantId: principal.tenantId ?? null,
          userId: principal.userId ?? null,
          permissions: principal.permissions.list(),
        },
      }),
  }),
  operation({
    id: 'rotateRootKey',
    method: 'post',
    path: '/root-key/rotate',
    tag: 'Access',
    scope: 'installation',
    permission: 'tollgate.system.root-key:write',
    summary: 'Create a new root key; the old one stops working at once',
    action: 'root-key.rotate',
    status: 201,
    result: rootKeyIssued,
    params: noParams,
    query: noQuery,
    run: async (_input, { rootKey }) =>
      succeed({ body: { secret: await rootKey.rotate() }, change: { target: 'root' } }),
  }),
]
