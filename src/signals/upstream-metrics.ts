import type { Metrics } from './metrics.ts'
import { createCounterTable } from './counter-table.ts'
import { DURATION_BOUNDS_SECONDS } from './request-metrics.ts'

/** Metrics of the requests Tollgate makes. */
export interface UpstreamMetrics {
  upstreamSlot(upstream: string): number
  upstreamRequest(upstreamSlot: number, status: number, durationNs: number): void
  upstreamInFlight(upstreamSlot: number, change: 1 | -1): void
  breakerState(upstreamSlot: number, state: number): void
}

/** Value of `tollgate_upstream_breaker_state`. */
export const BREAKER_STATE = { closed: 0, halfOpen: 1, open: 2 } as const

/** Status classes; `none` when there was no answer. */
const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const
const NS_PER_SECOND = 1e9

/** Declares the `tollgate_upstream_…` families. */
export function createUpstreamMetrics(metrics: Metrics, upstreamsMax: number): UpstreamMetrics {
  const requests = createCounterTable(metrics, {
    name: 'tollgate_upstream_requests_total',
    help: 'Requests to upstreams by class of the answer; none when there was no answer.',
    rowLabel: 'upstream',
    rowsMax: upstreamsMax,
    columns: { label: 'status_class', values: CLASSES },
  })
  const family = { labels: ['upstream'], slotsMax: upstreamsMax + 1 } as const
  const duration = metrics.histogram({
    name: 'tollgate_upstream_request_duration_seconds',
    help: 'Duration of requests to upstreams, until the head of the answer.',
    bounds: DURATION_BOUNDS_SECONDS,
    ...family,
  })
  const inFlight = metrics.gauge({
    name: 'tollgate_upstream_requests_in_flight',
    help: 'Requests to upstreams that wait for their answer.',
    ...family,
  })
  const breaker = metrics.gauge({
    name: 'tollgate_upstream_breaker_state',
    help: 'Circuit breaker: 0 closed, 1 half open, 2 open.',
    merge: 'max',
    ...family,
  })
  return {
    upstreamSlot(upstream) {
      for (const declared of [duration, inFlight, breaker]) declared.slot(upstream)
      return requests.row(upstream)
    },
    upstreamRequest(upstreamSlot, status, durationNs) {
      const statusClass = status >= 100 && status < 600 ? Math.trunc(status / 100) : 0
      requests.add(upstreamSlot, statusClass)
      duration.observe(upstreamSlot, durationNs / NS_PER_SECOND)
    },
    upstreamInFlight: (upstreamSlot, change) => inFlight.add(upstreamSlot, change),
    breakerState: (upstreamSlot, state) => breaker.set(upstreamSlot, state),
  }
}
