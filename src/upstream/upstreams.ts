import { createDeadlines } from './deadlines.ts'
import type { HealthProbe } from './health-probe.ts'
import { startHealthProbe } from './health-probe.ts'
import type { RuntimeAbilities } from './runtime.ts'
import { detectAbilities, globalFetch } from './runtime.ts'
import type { ManagedUpstream } from './upstream.ts'
import { createUpstream } from './upstream.ts'
import type { Upstreams, UpstreamsOptions } from './upstream-types.ts'

const DRAIN_LOOK_MS = 10

/**
 * Creates the upstreams of a configuration and starts their health checks. Throws a `RangeError` when
 * the configuration asks for what the runtime's fetch cannot do (Unix sockets and TLS settings need
 * Bun).
 */
export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { clock, random } = options
  const fetch = options.fetch ?? globalFetch
  const onEvent = options.onEvent ?? (() => {})
  const abilities = detectAbilities()
  const deadlines = createDeadlines(clock)
  checkAbilities(options, abilities)
  const upstreams = new Map<string, ManagedUpstream>()
  const probes: HealthProbe[] = []
  for (const [name, config] of Object.entries(options.config)) {
    const { credentialHeaders } = options
    const shared = { clock, random, fetch, abilities, deadlines, credentialHeaders, onEvent }
    const upstream = createUpstream({ name, config, ...shared })
    upstreams.set(name, upstream)
    const { health } = config
    if (health === undefined) continue
    for (const target of upstream.targets) {
      const unix = target.unix === undefined ? {} : { unix: target.unix }
      const tls = config.tls === undefined ? {} : { tls: config.tls }
      const extras = { decompress: false, proxy: false, ...unix, ...tls } as const
      const startMs = random.fraction() * health.interval
      probes.push(startHealthProbe(target, health, { fetch, extras, startMs }))
    }
  }
  return {
    get: (name) => upstreams.get(name),
    stats: () => [...upstreams.values()].map((upstream) => upstream.stats()),
    async close(deadlineMs) {
      for (const probe of probes) probe.stop()
      const untilMs = clock.monotonicMs() + deadlineMs
      const busy = (): boolean => [...upstreams.values()].some((upstream) => upstream.inFlight > 0)
      while (busy() && clock.monotonicMs() < untilMs) {
        await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS))
      }
      deadlines.expireAll()
    },
  }
}

function checkAbilities({ config }: UpstreamsOptions, abilities: RuntimeAbilities): void {
  if (abilities.fetchOptions) return
  for (const [name, { targets, tls }] of Object.entries(config)) {
    if (tls !== undefined) throw new RangeError(`upstream ${name}: tls settings need Bun`)
    if (targets.some(({ url }) => url.startsWith('unix:'))) {
      throw new RangeError(`upstream ${name}: Unix sockets need Bun`)
    }
  }
}
