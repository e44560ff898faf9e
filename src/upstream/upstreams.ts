import { createDeadlines } from './deadlines.ts'
import type { HealthProbe } from './health-probe.ts'
import { startHealthProbe } from './health-probe.ts'
import type { ManagedUpstream } from './upstream.ts'
import { createUpstream } from './upstream.ts'
import type { Upstreams, UpstreamsOptions } from './upstream-types.ts'

const DRAIN_LOOK_MS = 10

/**
 * Creates the upstreams of a configuration and starts their health checks.
 */
export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { clock, random } = options
  const onEvent = options.onEvent ?? (() => {})
  const deadlines = createDeadlines(clock)
  const upstreams = new Map<string, ManagedUpstream>()
  const probes: HealthProbe[] = []
  for (const [name, config] of Object.entries(options.config)) {
    const { credentialHeaders, judgedHeaders, openLink } = options
    const headers = { credentialHeaders, judgedHeaders }
    const shared = { clock, random, deadlines, ...headers, onEvent, openLink }
    const upstream = createUpstream({ name, config, ...shared })
    upstreams.set(name, upstream)
    const { health } = config
    if (health === undefined) continue
    for (const target of upstream.targets) {
      const startMs = random.fraction() * health.interval
      probes.push(startHealthProbe(target, health, startMs))
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
      deadlines.endAll()
      for (const { targets } of upstreams.values()) {
        for (const { client } of targets) client.close()
      }
    },
  }
}
