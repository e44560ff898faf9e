import type { LayerTimings } from './layer-timings.ts'
import type { Metrics } from './metrics.ts'
import type { RouteCount } from './request-metrics.ts'
import { createCounterTable } from './counter-table.ts'
import { createRequestMetrics } from './request-metrics.ts'
import { createServerMetrics } from './server-metrics.ts'
import type { UpstreamMetrics } from './upstream-metrics.ts'
import { createUpstreamMetrics } from './upstream-metrics.ts'

/** What became of a request at one layer, as the integers that the hot path passes. */
export const LAYER_OUTCOME = { pass: 0, refuse: 1, answer: 2, fail: 3 } as const
const LAYER_OUTCOMES = ['pass', 'refuse', 'answer', 'fail'] as const

/** One of {@link LAYER_OUTCOME}. */
export type LayerOutcome = (typeof LAYER_OUTCOME)[keyof typeof LAYER_OUTCOME]

/** The result of a cache lookup. */
export const CACHE_RESULT = { hit: 0, miss: 1, stale: 2, bypass: 3 } as const
const CACHE_RESULTS = ['hit', 'miss', 'stale', 'bypass'] as const

/** One of {@link CACHE_RESULT}. */
export type CacheResult = (typeof CACHE_RESULT)[keyof typeof CACHE_RESULT]

/**
 * The metrics of the request path. Names become slots when the configuration is compiled (`routeSlot`,
 * `limitSlot`, …); the other functions take slots and cost a few nanoseconds.
 */
export interface GateMetrics {
  routeSlot(template: string): number
  limitSlot(limit: string): number
  authFailureSlot(reason: string): number
  /** `name` is a cache or tier, e.g. `keys` or `responses`. */
  cacheSlot(name: string): number
  upstreamSlot(upstream: string): number

  /** A request has been answered. */
  request(routeSlot: number, method: string, status: number, durationNs: number): void
  /** A layer has decided; `layer` is its index in {@link GateMetricsOptions.layers}. */
  decision(layer: number, outcome: LayerOutcome): void
  /** Adds `count` lookups (default 1), for caches that keep their own counts. */
  cacheLookup(cacheSlot: number, result: CacheResult, count?: number): void
  limitRejected(limitSlot: number): void
  /** A limit in shadow mode would have refused. */
  limitShadowed(limit: string): void
  authFailed(authFailureSlot: number): void
  /** A request to an upstream has ended; `status` 0 when there was no answer. */
  upstreamRequest(upstreamSlot: number, status: number, durationNs: number): void
  upstreamInFlight(upstreamSlot: number, change: 1 | -1): void
  upstreamStates: UpstreamMetrics['upstreamStates']
  connections(open: number): void
  /** A configuration was loaded or refused. */
  reload(ok: boolean, configHash: string, atMs: number): void

  /** Requests by route, busiest first; for `/performance`. */
  routeCounts(): readonly RouteCount[]
  cacheCounts(): readonly CacheCount[]
  decisionCounts(): readonly DecisionCount[]
  authFailureCounts(): readonly { readonly reason: string; readonly count: number }[]
  limitRejectionCounts(): readonly { readonly limit: string; readonly count: number }[]
}

/** Lookups of a cache by result. */
export interface CacheCount extends Readonly<Record<(typeof CACHE_RESULTS)[number], number>> {
  readonly cache: string
}

/** Decisions of a layer by outcome. */
export interface DecisionCount extends Readonly<Record<(typeof LAYER_OUTCOMES)[number], number>> {
  readonly layer: string
}

/** What {@link createGateMetrics} needs. */
export interface GateMetricsOptions {
  readonly metrics: Metrics
  /** Layers in the order of the path. */
  readonly layers: readonly string[]
  readonly timings: LayerTimings
  /** Routes with series of their own; the rest share `other`. */
  readonly routesMax: number
}

const NAMES_MAX = 256

/** Declares the gate's metrics in `options.metrics`. */
export function createGateMetrics(options: GateMetricsOptions): GateMetrics {
  const { metrics, layers, timings, routesMax } = options
  const decisions = createCounterTable(metrics, {
    name: 'tollgate_decisions_total',
    help: 'Decisions of each layer by outcome.',
    rowLabel: 'layer',
    rowsMax: layers.length,
    columns: { label: 'outcome', values: LAYER_OUTCOMES },
  })
  const caches = createCounterTable(metrics, {
    name: 'tollgate_cache_lookups_total',
    help: 'Cache lookups by result.',
    rowLabel: 'cache',
    rowsMax: NAMES_MAX,
    columns: { label: 'result', values: CACHE_RESULTS },
  })
  const rejections = createCounterTable(metrics, {
    name: 'tollgate_limit_rejections_total',
    help: 'Requests refused by a limit.',
    rowLabel: 'limit',
    rowsMax: NAMES_MAX,
  })
  const shadowed = createCounterTable(metrics, {
    name: 'tollgate_limit_shadow_rejections_total',
    help: 'Requests that a limit in shadow mode would have refused.',
    rowLabel: 'limit',
    rowsMax: NAMES_MAX,
  })
  const authFailures = createCounterTable(metrics, {
    name: 'tollgate_auth_failures_total',
    help: 'Credentials not accepted, by reason.',
    rowLabel: 'reason',
    rowsMax: NAMES_MAX,
  })
  const layerRows = Int32Array.from(layers, (layer) => decisions.row(layer))
  metrics.source(() => [timings.family()])
  return {
    ...createRequestMetrics(metrics, routesMax),
    ...createUpstreamMetrics(metrics, NAMES_MAX),
    ...createServerMetrics(metrics),
    limitSlot: (limit) => rejections.row(limit),
    authFailureSlot: (reason) => authFailures.row(reason),
    cacheSlot: (name) => caches.row(name),
    decision: (layer, outcome) => decisions.add(layerRows[layer] ?? 0, outcome),
    cacheLookup: caches.add,
    limitRejected: (limitSlot) => rejections.add(limitSlot, 0),
    limitShadowed: (limit) => shadowed.add(shadowed.row(limit), 0),
    authFailed: (authFailureSlot) => authFailures.add(authFailureSlot, 0),
    cacheCounts: () =>
      caches.counts().map(({ name, counts: [hit = 0, miss = 0, stale = 0, bypass = 0] }) => ({
        cache: name,
        hit,
        miss,
        stale,
        bypass,
      })),
    decisionCounts: () =>
      decisions.counts().map(({ name, counts: [pass = 0, refuse = 0, answer = 0, fail = 0] }) => ({
        layer: name,
        pass,
        refuse,
        answer,
        fail,
      })),
    authFailureCounts: () =>
      authFailures.counts().map(({ name, counts: [count = 0] }) => ({ reason: name, count })),
    limitRejectionCounts: () =>
      rejections.counts().map(({ name, counts: [count = 0] }) => ({ limit: name, count })),
  }
}
