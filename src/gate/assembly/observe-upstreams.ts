import type { Logger, Sparse } from '../../signals/index.ts'
import type { UpstreamEvent } from '../../upstream/index.ts'

const LEVELS = {
  attempt_failed: 'warn',
  retried: 'debug',
  retry_budget_spent: 'warn',
  target_ejected: 'warn',
  target_healthy: 'info',
  target_unhealthy: 'warn',
  breaker: 'warn',
  overloaded: 'warn',
} as const satisfies Record<UpstreamEvent['kind'], 'debug' | 'info' | 'warn'>

/** Events that occur with each request while an upstream is down, not once for each outage. */
const FREQUENT: ReadonlySet<UpstreamEvent['kind']> = new Set([
  'attempt_failed',
  'retry_budget_spent',
  'overloaded',
])

/** The same for events that differ only in the request they are about. */
const alikeOf = (event: UpstreamEvent): string =>
  JSON.stringify(event, (name, value: unknown) => (name === 'requestId' ? undefined : value))

/** Logs what upstreams report; of {@link FREQUENT} events at most one per second of each kind. */
export function observeUpstreams(logger: Logger, sparse: Sparse): (event: UpstreamEvent) => void {
  return (event) => {
    const { kind, ...fields } = event
    const leftOut = FREQUENT.has(kind) ? sparse(alikeOf(event)) : 0
    if (leftOut === undefined) return
    const message = `upstream: ${kind.replaceAll('_', ' ')}`
    logger[LEVELS[kind]](message, leftOut === 0 ? fields : { ...fields, leftOut })
  }
}
