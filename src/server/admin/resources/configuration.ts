import { z } from 'zod'
import { fail, succeed } from '../../../core/refusal.ts'
import type { OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { answerSlice, pageOf, pageQuery } from '../pages.ts'
import { noParams, noQuery } from '../parameters.ts'
import { configState, configVerdict, routeListing } from '../views.ts'

const facts = {
  path: '/config',
  tag: 'Configuration',
  scope: 'installation',
  permission: 'tollgate.system.config:read',
  status: 200,
} as const satisfies Partial<OperationFacts>

const TEXT_BYTES_MAX = 8 * 1024 * 1024

/** The configuration in force, and what it compiled to. */
export const configurationOperations = [
  operation({
    ...facts,
    id: 'getConfig',
    method: 'get',
    summary: 'Show the effective configuration, with secrets masked',
    result: configState,
    params: noParams,
    query: noQuery,
    run: (_input, { config }) => {
      const state = config.state()
      return succeed({
        body: { ...state, refused: state.refused ?? null },
        version: state.revision,
      })
    },
  }),
  operation({
    ...facts,
    id: 'checkConfig',
    method: 'post',
    path: '/config/check',
    summary: 'Check and compile a configuration without putting it in force',
    result: configVerdict,
    bodyBytesMax: TEXT_BYTES_MAX,
    params: noParams,
    query: noQuery,
    body: z.strictObject({ text: z.string().describe('YAML.') }),
    run: async ({ body }, { config }) => {
      const { errors, warnings } = await config.check(body.text)
      return succeed({ body: { ok: errors.length === 0, errors, warnings } })
    },
  }),
  operation({
    ...facts,
    id: 'reloadConfig',
    method: 'post',
    path: '/config/reload',
    summary: 'Read the configuration file again and put it in force',
    description:
      'A file with mistakes is refused with 409; the previous configuration stays in force.',
    permission: 'tollgate.system.config:write',
    action: 'config.reload',
    result: configState,
    params: noParams,
    query: noQuery,
    run: async (_input, { config }) => {
      const before = config.state()
      const { errors } = await config.reload()
      if (errors.length > 0) {
        const detail = 'The file is wrong; the configuration before stays in force.'
        return fail('conflict', { detail, extra: { errors } })
      }
      const after = config.state()
      return succeed({
        body: { ...after, refused: after.refused ?? null },
        version: after.revision,
        change: {
          target: after.path,
          before: { revision: before.revision },
          after: { revision: after.revision },
        },
      })
    },
  }),
  operation({
    ...facts,
    id: 'listRoutes',
    method: 'get',
    path: '/routes',
    summary: 'List the routes in force and the stages of each',
    result: pageOf(routeListing),
    params: noParams,
    query: pageQuery,
    run: ({ query }, { gate }) => answerSlice(gate.routes(), query),
  }),
  operation({
    ...facts,
    id: 'listUpstreams',
    method: 'get',
    path: '/upstreams',
    summary: 'Show upstreams: targets, health, breakers, requests in flight',
    permission: 'tollgate.system.upstreams:read',
    result: pageOf(z.record(z.string(), z.unknown())),
    params: noParams,
    query: pageQuery,
    run: async ({ query }, { gate }) => answerSlice(await gate.upstreams(), query),
  }),
  operation({
    ...facts,
    id: 'getStats',
    method: 'get',
    path: '/stats',
    tag: 'Statistics',
    summary: 'Show the figures of all layers',
    permission: 'tollgate.system.stats:read',
    result: z.record(z.string(), z.unknown()),
    params: noParams,
    query: noQuery,
    run: async (_input, { gate, identity, ledger, policy }) =>
      succeed({
        body: {
          gate: await gate.stats(),
          identity: identity.stats(),
          ledger: ledger.state(),
          policy: { revision: policy.revision() },
        },
      }),
  }),
]
