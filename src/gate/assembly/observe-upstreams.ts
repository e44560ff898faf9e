import type { GateMetrics, Logger } from '../../signals/index.ts'
import { BREAKER_STATE } from '../../signals/index.ts'
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

const BREAKER_VALUES = {
  closed: BREAKER_STATE.closed,
  'half-open': BREAKER_STATE.halfOpen,
  open: BREAKER_STATE.open,
} as const

/** Writes what upstreams report to the log, and shows breakers in the metrics. */
export function observeUpstreams(
  logger: Logger,
  metrics: GateMetrics,
): (event: UpstreamEvent) => void {
  return (event) => {
    const { kind, ...fields } = event
    logger[LEVELS[kind]](`upstream: ${kind.replaceAll('_', ' ')}`, fields)
    if (event.kind !== 'breaker') return
    metrics.breakerState(metrics.upstreamSlot(event.upstream), BREAKER_VALUES[event.state])
  }
}
