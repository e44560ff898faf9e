import { z } from 'zod'
import { reference } from '../../core/config/index.ts'
import { name, size } from '../../core/config/fields.ts'
import { identityConfig } from '../../identity/index.ts'
import { auditConfig } from '../../ledger/index.ts'
import { bansConfig, limitsConfig, SHIPPED_LIMITS } from '../../limits/index.ts'
import { namedPolicies, policiesConfig, policyConfig } from '../../policy/index.ts'
import { schemasConfig } from '../../shield/index.ts'
import { signalsConfig } from '../../signals/index.ts'
import { upstreamConfig } from '../../upstream/index.ts'
import { cacheConfig } from './cache.ts'
import { adminConfig, listenConfig, storageConfig } from './listen.ts'
import { loginConfig } from './login.ts'
import { routeConfig } from './route.ts'

export type { RouteConfig } from './route.ts'

const defaultsConfig = z
  .strictObject({
    limits: z.array(name()).default(['default']).describe('Limits for routes that name none.'),
    bodyMax: size().prefault('1MiB').describe('Largest request body for routes that set none.'),
    limitHeaders: z
      .boolean()
      .default(true)
      .describe('Send RateLimit and RateLimit-Policy with responses.'),
  })
  .prefault({})
  .meta({ id: 'Defaults' })

const shape = {
  version: z.literal(1).default(1).describe('Version of this format.'),
  listen: listenConfig
    .prefault({})
    .describe('Where the gate listens, and how much load it accepts.'),
  admin: adminConfig.prefault({}).describe('The admin API.'),
  storage: storageConfig.prefault({}).describe('Where data is kept.'),
  signals: signalsConfig.prefault({}).describe('Logs, metrics and health.'),
  audit: auditConfig.prefault({}).describe('The audit log.'),
  identity: identityConfig.prefault({}).describe('Keys, tokens, sessions and passwords.'),
  login: loginConfig.optional().describe('Endpoints for users to log in; none when absent.'),
  policy: policyConfig.prefault({}).describe('Roles and allow-lists.'),
  policies: policiesConfig,
  limits: limitsConfig.describe('Limits that routes refer to by name.'),
  bans: bansConfig.describe('What leads to a ban, and how long it lasts.'),
  schemas: schemasConfig.describe('JSON Schemas that routes refer to by name.'),
  upstreams: z
    .record(name(), upstreamConfig)
    .default({})
    .describe('Servers that routes forward to.'),
  cache: cacheConfig.prefault({}).describe('Stored responses and prefetching.'),
  defaults: defaultsConfig.describe('Defaults for routes.'),
  routes: z
    .array(routeConfig)
    .default([])
    .describe('What clients may request; everything else is refused.'),
}

/** What may stand in `tollgate.yaml`, or be given to `defineConfig`. */
export const gatewayConfig = z
  .strictObject(shape)
  .superRefine((config, context) => {
    // The predefined ones are not among them yet when one of the section has a mistake.
    const limits = [...new Set([...SHIPPED_LIMITS, ...Object.keys(config.limits)])]
    const policyNames = namedPolicies(config.policies).map(([policy]) => policy)
    for (const [index, limit] of config.defaults.limits.entries()) {
      reference(context, 'limit', limits, limit, ['defaults', 'limits', index])
    }
    for (const [index, limit] of (config.login?.limits ?? []).entries()) {
      reference(context, 'limit', limits, limit, ['login', 'limits', index])
    }
    for (const [index, route] of config.routes.entries()) {
      const at = ['routes', index]
      for (const [position, limit] of (route.limits ?? []).entries()) {
        reference(context, 'limit', limits, limit, [...at, 'limits', position])
      }
      const { upstream, allowList, policy } = route
      if (upstream !== undefined) {
        reference(context, 'upstream', Object.keys(config.upstreams), upstream, [...at, 'upstream'])
      }
      if (allowList !== undefined) {
        const lists = Object.keys(config.policy.allowLists)
        reference(context, 'allow-list', lists, allowList.list, [...at, 'allowList', 'list'])
      }
      if (policy !== undefined) {
        reference(context, 'policy', policyNames, policy, [...at, 'policy'])
      }
    }
    refuseRepeatedIds(config.routes, context)
    if (config.cache.redis !== undefined && config.storage.redis === undefined) {
      const message = 'expected storage.redis, which says where it is'
      context.addIssue({ code: 'custom', message, path: ['cache', 'redis'] })
    }
  })
  .meta({ id: 'TollgateConfig', title: 'Tollgate configuration' })

function refuseRepeatedIds(
  routes: readonly { readonly id: string }[],
  context: z.RefinementCtx,
): void {
  const seen = new Set<string>()
  for (const [index, { id }] of routes.entries()) {
    if (seen.has(id)) {
      const message = `route id ${JSON.stringify(id)} is already taken`
      context.addIssue({ code: 'custom', message, path: ['routes', index, 'id'], input: id })
    }
    seen.add(id)
  }
}

/** A parsed configuration: defaults filled in, durations in milliseconds, sizes in bytes. */
export type GatewayConfig = z.output<typeof gatewayConfig>

/** A configuration as people write it. */
export type GatewayConfigInput = z.input<typeof gatewayConfig>

/** Types a configuration written in TypeScript: `export default defineConfig({ … })`. */
export const defineConfig = (config: GatewayConfigInput): GatewayConfigInput => config
