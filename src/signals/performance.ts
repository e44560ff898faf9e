import type { CacheCount, DecisionCount, GateMetrics } from './gate-metrics.ts'
import type { LayerLatency, LayerTimings } from './layer-timings.ts'
import type { EventLoopDelay, MemoryUse, ProcessReadings } from './process-metrics.ts'
import type { RouteCount } from './request-metrics.ts'

/** A cache with its hit ratio. */
export interface CachePerformance extends CacheCount {
  readonly lookups: number
  /** Fresh and stale hits over hits and misses, 0 to 1; null when there were none. */
  readonly hitRatio: number | null
}

/** Statistics of an allow-list, handed in by whatever keeps the lists. */
export interface AllowListCount {
  readonly name: string
  readonly entries: number
  readonly allowed: number
  readonly refused: number
}

/** What `/performance` shows. Times carry their unit in the name; ratios are 0 to 1. */
export interface PerformanceReport {
  readonly uptimeMs: number
  /** Layers are measured on one request in this many. */
  readonly layerTimingOneIn: number
  readonly layers: readonly LayerLatency[]
  readonly decisions: readonly DecisionCount[]
  readonly caches: readonly CachePerformance[]
  readonly authentication: {
    readonly accepted: number
    readonly refused: number
    readonly failures: readonly { readonly reason: string; readonly count: number }[]
  }
  readonly allowLists: readonly AllowListCount[]
  readonly limits: readonly { readonly limit: string; readonly count: number }[]
  /** The routes with the most requests, at most {@link ROUTES_SHOWN}. */
  readonly routes: readonly RouteCount[]
  readonly memory: MemoryUse
  readonly eventLoop: EventLoopDelay
}

/** Where the numbers come from. */
export interface PerformanceSources {
  readonly metrics: GateMetrics
  readonly timings: LayerTimings
  readonly readings: ProcessReadings
  readonly layerTimingOneIn: number
  /** The layer whose decisions are those of authentication, e.g. `identify`. */
  readonly authenticationLayer: string
  readonly allowLists?: () => readonly AllowListCount[]
}

/** The most routes that a {@link PerformanceReport} shows. */
export const ROUTES_SHOWN = 100

/** Builds the model of `/performance`. */
export function buildPerformanceReport(sources: PerformanceSources): PerformanceReport {
  const { metrics, timings, readings } = sources
  const decisions = metrics.decisionCounts()
  const identify = decisions.find(({ layer }) => layer === sources.authenticationLayer)
  return {
    uptimeMs: Math.round(readings.uptimeMs()),
    layerTimingOneIn: sources.layerTimingOneIn,
    layers: timings.latencies(),
    decisions,
    caches: metrics.cacheCounts().map(withRatio),
    authentication: {
      accepted: identify?.pass ?? 0,
      refused: identify?.refuse ?? 0,
      failures: metrics.authFailureCounts(),
    },
    allowLists: sources.allowLists?.() ?? [],
    limits: metrics.limitRejectionCounts(),
    routes: metrics.routeCounts().slice(0, ROUTES_SHOWN),
    memory: readings.memory(),
    eventLoop: readings.eventLoop(),
  }
}

function withRatio(cache: CacheCount): CachePerformance {
  const hits = cache.hit + cache.stale
  const asked = hits + cache.miss
  return {
    ...cache,
    lookups: asked + cache.bypass,
    hitRatio: asked === 0 ? null : hits / asked,
  }
}
