import type { GatewayConfig } from '../../src/gate/index.ts'
import { gatewayConfig } from '../../src/gate/index.ts'
import type { Layers, RequestKind } from './arms.ts'
import { ANSWER, BODY_SCHEMA, PATH } from './requests.ts'

/** The role that keys of the benchmark have, and the permission it must grant. */
export const ROLE = 'editor'
const PERMISSION = 'player:write'

/** The configuration of a gate with these layers. Limits are too high to be reached. */
export function configOf(folder: string, kind: RequestKind, layers: Layers): GatewayConfig {
  const identified = layers.identify === true
  return gatewayConfig.parse({
    listen: { address: '127.0.0.1:0', idleTimeout: '240s' },
    admin: { enabled: false },
    storage: { folder },
    signals: { log: { level: 'error' } },
    audit: { traffic: { address: layers.audit === 'without-address' ? 'none' : 'full' } },
    limits: {
      rate: { kind: 'bucket', limit: 1_000_000, window: '1m', by: 'key' },
      daily: { kind: 'calendar', limit: 100_000, window: 'day', by: 'key' },
    },
    defaults: { limits: [], limitHeaders: layers.headers === true },
    routes: [
      {
        id: 'position',
        path: PATH,
        methods: [kind === 'post' ? 'POST' : 'GET'],
        credentials: [identified ? 'key' : 'anonymous'],
        limits: layers.limits === true ? ['rate', 'daily'] : [],
        ...(layers.roles === true && { permission: PERMISSION }),
        ...(kind === 'post' && { request: { body: layers.schema === true ? BODY_SCHEMA : {} } }),
        audit: layers.audit !== undefined,
        respond: { body: ANSWER },
      },
    ],
  })
}
