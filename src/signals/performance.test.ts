import { expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import { signalsConfig } from './config.ts'
import { CACHE_RESULT, createGateMetrics, LAYER_OUTCOME } from './gate-metrics.ts'
import { createLayerTimings } from './layer-timings.ts'
import { createMetrics } from './metrics.ts'
import { buildPerformanceReport, ROUTES_SHOWN } from './performance.ts'
import { createProcessReadings } from './process-metrics.ts'

function sources() {
  const clock = createManualClock()
  const layers = ['admit', 'identify']
  const timings = createLayerTimings(layers, 64)
  const metrics = createGateMetrics({ metrics: createMetrics(), layers, timings, routesMax: 500 })
  const readings = createProcessReadings(clock)
  readings.close()
  return {
    clock,
    timings,
    metrics,
    readings,
    layerTimingOneIn: 64,
    authenticationLayer: 'identify',
  }
}

test('the report shows latency, ratios and counts of what happened, as plain JSON', () => {
  const from = sources()
  const { metrics, timings, clock } = from
  for (let at = 1; at <= 100; at++) timings.record(1, at * 1000)
  const keys = metrics.cacheSlot('keys')
  for (const result of [
    CACHE_RESULT.hit,
    CACHE_RESULT.hit,
    CACHE_RESULT.miss,
    CACHE_RESULT.stale,
  ]) {
    metrics.cacheLookup(keys, result)
  }
  metrics.cacheLookup(keys, CACHE_RESULT.bypass)
  metrics.cacheSlot('unused')
  metrics.decision(1, LAYER_OUTCOME.pass)
  metrics.decision(1, LAYER_OUTCOME.refuse)
  metrics.authFailed(metrics.authFailureSlot('revoked'))
  metrics.request(metrics.routeSlot('/a'), 'GET', 502, 1000)
  clock.advance(5000)
  const allowLists = () => [{ name: 'scenes', entries: 3, allowed: 2, refused: 1 }]
  const report = buildPerformanceReport({ ...from, allowLists })
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  expect(report.uptimeMs).toBe(5000)
  const [, identify] = report.layers
  expect(identify).toMatchObject({
    layer: 'identify',
    samples: 100,
    meanNs: 50_500,
    maxNs: 100_000,
  })
  expect(identify?.p50Ns).toBeGreaterThanOrEqual(50_000)
  expect(identify?.p50Ns).toBeLessThan(53_200)
  expect(report.caches).toEqual([
    { cache: 'keys', hit: 2, miss: 1, stale: 1, bypass: 1, lookups: 5, hitRatio: 0.75 },
    { cache: 'unused', hit: 0, miss: 0, stale: 0, bypass: 0, lookups: 0, hitRatio: null },
  ])
  expect(report.authentication).toEqual({
    accepted: 1,
    refused: 1,
    failures: [{ reason: 'revoked', count: 1 }],
  })
  expect(report.allowLists).toEqual(allowLists())
  expect(report.routes).toEqual([{ route: '/a', requests: 1, errors: 1 }])
  expect(report.memory.rssBytes).toBeGreaterThan(1_000_000)
})

test('the report is bounded however many routes there are', () => {
  const from = sources()
  for (let at = 0; at < 400; at++) {
    from.metrics.request(from.metrics.routeSlot(`/route-${at}`), 'GET', 200, 1)
  }
  expect(buildPerformanceReport(from).routes).toHaveLength(ROUTES_SHOWN)
})

test('the configuration has defaults and refuses unknown keys', () => {
  expect(signalsConfig.parse({})).toMatchObject({
    log: { level: 'info', format: 'auto' },
    metrics: { enabled: true },
    layerTimingOneIn: 64,
  })
  expect(signalsConfig.safeParse({ logs: {} }).success).toBe(false)
  expect(signalsConfig.safeParse({ layerTimingOneIn: 0 }).success).toBe(false)
})
