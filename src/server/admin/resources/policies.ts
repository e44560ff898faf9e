import { operation } from '../operation.ts'
import { answerSlice, pageOf, pageQuery } from '../pages.ts'
import { noParams } from '../parameters.ts'
import { policyStatus, shadowReport } from '../views.ts'

/** Policies in Rego. */
export const policyOperations = [
  operation({
    id: 'listPolicies',
    method: 'get',
    path: '/policies',
    tag: 'Policies',
    scope: 'installation',
    permission: 'tollgate.system.policies:read',
    status: 200,
    summary: 'Show the policies in force: their revisions, and the state of their bundles',
    result: pageOf(policyStatus),
    params: noParams,
    query: pageQuery,
    run: ({ query }, { gate }) => answerSlice(gate.policies(), query),
  }),
  operation({
    id: 'listPolicyShadows',
    method: 'get',
    path: '/policies/shadow',
    tag: 'Policies',
    scope: 'installation',
    permission: 'tollgate.system.policies:read',
    status: 200,
    summary: 'Show which decisions the shadow policies would change',
    description: 'Counts since the current configuration was loaded, and the most recent changes.',
    result: pageOf(shadowReport),
    params: noParams,
    query: pageQuery,
    run: async ({ query }, { gate }) => answerSlice(await gate.shadows(), query),
  }),
]
