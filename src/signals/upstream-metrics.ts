import type { Metrics } from './metrics.ts'
import { createCounterTable } from './counter-table.ts'
import { DURATION_BOUNDS_SECONDS } from './request-metrics.ts'

/** Metrics of the requests Tollgate makes. */
export interface UpstreamMetrics {
  upstreamSlot(upstream: string): number
  upstreamRequest(upstreamSlot: number, status: number, durationNs: number): void
  upstreamInFlight(upstreamSlot: number, change: 1 | -1): void
  /** Sets the current state of all upstreams; one that was shown before and is not among them disappears. */
  upstreamStates(states: readonly UpstreamState[]): void
}

/** The state of an upstream. */
export interface UpstreamState {
  readonly name: string
  readonly targets: readonly {
    readonly breaker: keyof typeof BREAKER_STATE
    /** `null` while nothing is known. */
    readonly healthy: boolean | null
  }[]
}

/** Value of `tollgate_upstream_breaker_state`. */
const BREAKER_STATE = { closed: 0, 'half-open': 1, open: 2 } as const

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
    help: 'Circuit breaker of the worst target: 0 closed, 1 half open, 2 open.',
    merge: 'max',
    ...family,
  })
  const targets = metrics.gauge({
    name: 'tollgate_upstream_targets',
    help: 'Targets of an upstream.',
    merge: 'max',
    ...family,
  })
  const unhealthy = metrics.gauge({
    name: 'tollgate_upstream_targets_unhealthy',
    help: 'Targets that fail: their checks do, they are ejected, their breaker is not closed, or one request after another failed.',
    merge: 'max',
    ...family,
  })
  const shown = new Set<string>()
  const show = ({ name, targets: all }: UpstreamState): void => {
    breaker.set(breaker.slot(name), Math.max(0, ...all.map((each) => BREAKER_STATE[each.breaker])))
    targets.set(targets.slot(name), all.length)
    unhealthy.set(unhealthy.slot(name), all.filter(({ healthy }) => healthy === false).length)
  }
  return {
    upstreamSlot(upstream) {
      for (const declared of [duration, inFlight]) declared.slot(upstream)
      return requests.row(upstream)
    },
    upstreamRequest(upstreamSlot, status, durationNs) {
      const statusClass = status >= 100 && status < 600 ? Math.trunc(status / 100) : 0
      requests.add(upstreamSlot, statusClass)
      duration.observe(upstreamSlot, durationNs / NS_PER_SECOND)
    },
    upstreamInFlight: (upstreamSlot, change) => inFlight.add(upstreamSlot, change),
    upstreamStates(states) {
      const names = new Set(states.map(({ name }) => name))
      for (const name of shown) if (!names.has(name)) show({ name, targets: [] })
      for (const state of states) {
        shown.add(state.name)
        show(state)
      }
    },
  }
}
