import type { Metrics } from './metrics.ts'
import { OTHER } from './slots.ts'

/** Requests of a route. */
export interface RouteCount {
  readonly route: string
  readonly requests: number
  /** Answers with a status of 500 or above. */
  readonly errors: number
}

/** Metrics of answered requests. */
export interface RequestMetrics {
  routeSlot(template: string): number
  request(routeSlot: number, method: string, status: number, durationNs: number): void
  routeCounts(): readonly RouteCount[]
}

/**
 * Bucket bounds in seconds of `http.server.request.duration` in the OpenTelemetry semantic
 * conventions for HTTP metrics.
 */
export const DURATION_BOUNDS_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const

/** Known methods; others count as `_OTHER` (OpenTelemetry, `http.request.method`). */
const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'QUERY',
  '_OTHER',
] as const
const METHOD_OTHER = METHODS.length - 1
const STATUS_MIN = 100
const STATUS_SPAN = 500
const SERIES_PER_ROUTE = 8
const NS_PER_SECOND = 1e9

/** Declares `tollgate_http_server_request_duration_seconds`. */
export function createRequestMetrics(metrics: Metrics, routesMax: number): RequestMetrics {
  const histogram = metrics.histogram({
    name: 'tollgate_http_server_request_duration_seconds',
    help: 'Duration of HTTP requests, from arrival to the answer.',
    labels: ['http_request_method', 'http_route', 'http_response_status_code'],
    slotsMax: routesMax * SERIES_PER_ROUTE + 1,
    bounds: DURATION_BOUNDS_SECONDS,
  })
  const routes: string[] = [OTHER]
  const slots = new Map<string, number>()
  const methods = new Map<string, number>(METHODS.map((method, at) => [method, at]))
  /** By route and method: the series of each status seen, -1 where none was. */
  const series: (Int32Array | undefined)[] = []
  const requests = new Float64Array(routesMax + 1)
  const errors = new Float64Array(routesMax + 1)

  const seriesOf = (route: number, method: number, status: number): number => {
    const cell = route * METHODS.length + method
    const statuses = (series[cell] ??= new Int32Array(STATUS_SPAN).fill(-1))
    const known = statuses[status - STATUS_MIN]!
    if (known >= 0) return known
    const label = METHODS[method] ?? '_OTHER'
    const slot = histogram.slot(label, routes[route] ?? OTHER, String(status))
    statuses[status - STATUS_MIN] = slot
    return slot
  }

  return {
    routeSlot(template) {
      const known = slots.get(template)
      if (known !== undefined) return known
      if (routes.length > routesMax) return 0
      slots.set(template, routes.length)
      return routes.push(template) - 1
    },
    request(routeSlot, method, status, durationNs) {
      const inRange = status >= STATUS_MIN && status < STATUS_MIN + STATUS_SPAN ? status : 599
      const slot = seriesOf(routeSlot, methods.get(method) ?? METHOD_OTHER, inRange)
      histogram.observe(slot, durationNs / NS_PER_SECOND)
      requests[routeSlot]! += 1
      if (status >= 500) errors[routeSlot]! += 1
    },
    routeCounts: () =>
      routes
        .map((route, at) => ({ route, requests: requests[at] ?? 0, errors: errors[at] ?? 0 }))
        .filter((count) => count.requests > 0)
        .sort((a, b) => b.requests - a.requests),
  }
}
