import type { Logger } from '../../signals/index.ts'
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

/** Writes what upstreams report to the log. */
export function observeUpstreams(logger: Logger): (event: UpstreamEvent) => void {
  return ({ kind, ...fields }) => {
    logger[LEVELS[kind]](`upstream: ${kind.replaceAll('_', ' ')}`, fields)
  }
}
