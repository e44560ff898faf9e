import { describe, expect, test } from 'bun:test'
import type { MetricsSnapshot, PerformanceReport } from '../../signals/index.ts'
import { createLayerTimings, createMetrics } from '../../signals/index.ts'
import { PATH } from '../../gate/index.ts'
import { createFleetMetrics } from './fleet-metrics.ts'
import { mergePerformance, mergeUpstreams } from './merge-performance.ts'

function snapshotOf(requests: number, open: number): MetricsSnapshot {
  const metrics = createMetrics()
  metrics.counter({ name: 'requests_total', help: 'x' }).set(0, requests)
  metrics.gauge({ name: 'open', help: 'x' }).set(0, open)
  metrics.gauge({ name: 'tollgate_config_info', help: 'x' }).set(0, 1)
  return metrics.snapshot()
}

const total = (snapshots: readonly MetricsSnapshot[], family: string): number =>
  snapshots
    .flatMap(({ families }) => families)
    .filter(({ name }) => name === family)
    .reduce((sum, { series }) => sum + (series[0]?.numbers[0] ?? 0), 0)

describe('the metrics of a fleet', () => {
  test('keep the counts of workers that are gone, not their gauges, and leave out what the primary tells', () => {
    const fleet = createFleetMetrics()
    fleet.seen(1, snapshotOf(10, 3))
    fleet.seen(2, snapshotOf(5, 1))
    expect([total(fleet.all(), 'requests_total'), total(fleet.all(), 'open')]).toEqual([15, 4])
    fleet.lost(1)
    expect([total(fleet.all(), 'requests_total'), total(fleet.all(), 'open')]).toEqual([15, 1])
    fleet.seen(1, snapshotOf(2, 2))
    fleet.lost(1)
    fleet.lost(1)
    expect(total(fleet.all(), 'requests_total')).toBe(17)
    expect(total(fleet.all(), 'tollgate_config_info')).toBe(0)
  })
})

function performanceOf(accepted: number, hit: number, delayMs: number): PerformanceReport {
  return {
    uptimeMs: 1000,
    layerTimingOneIn: 1,
    layers: [],
    decisions: [{ layer: 'identify', pass: accepted, refuse: 1, answer: 0, fail: 0 }],
    caches: [{ cache: 'keys', hit, miss: 1, stale: 0, bypass: 0, lookups: hit + 1, hitRatio: 0 }],
    authentication: { accepted, refused: 1, failures: [{ reason: 'unknown', count: 1 }] },
    allowLists: [{ name: 'scenes', entries: 4, allowed: 1, refused: 2 }],
    limits: [{ limit: 'default', count: 1 }],
    routes: [{ route: `/${accepted}`, requests: accepted, errors: 0 }],
    memory: { rssBytes: 10, heapUsedBytes: 1, heapTotalBytes: 2, externalBytes: 3 },
    eventLoop: { meanMs: 1, p50Ms: 1, p99Ms: delayMs, maxMs: delayMs },
  }
}

describe('the performance of a fleet', () => {
  test('adds counts, shows the worst delay, and takes quantiles over all samples', () => {
    const slow = createLayerTimings(PATH, 1)
    const fast = createLayerTimings(PATH, 1)
    for (let at = 0; at < 99; at += 1) fast.record(1, 1000)
    slow.record(1, 1_000_000)
    const merged = mergePerformance([
      { performance: performanceOf(10, 9, 2), timings: fast.state() },
      { performance: performanceOf(20, 9, 7), timings: slow.state() },
    ])
    expect(merged).toMatchObject({
      decisions: [{ layer: 'identify', pass: 30, refuse: 2 }],
      caches: [{ cache: 'keys', hit: 18, miss: 2, lookups: 20, hitRatio: 0.9 }],
      authentication: { accepted: 30, refused: 2, failures: [{ reason: 'unknown', count: 2 }] },
      allowLists: [{ name: 'scenes', entries: 4, allowed: 2, refused: 4 }],
      limits: [{ limit: 'default', count: 2 }],
      routes: [
        { route: '/20', requests: 20 },
        { route: '/10', requests: 10 },
      ],
      memory: { rssBytes: 20 },
      eventLoop: { p99Ms: 7 },
    })
    const identify = merged?.layers.find(({ layer }) => layer === PATH[1])
    expect(identify?.samples).toBe(100)
    expect(identify?.p50Ns).toBeLessThan(1100)
    expect(identify?.maxNs).toBe(1_000_000)
  })

  test('shows an upstream’s worst state', () => {
    const target = { url: 'http://a', weight: 1, requests: 2, failures: 1, inFlight: 1 }
    const stats = {
      name: 'app',
      inFlight: 1,
      queued: 0,
      requests: 2,
      retries: 0,
      failures: 1,
      overloaded: 0,
    }
    const good = {
      ...target,
      available: true,
      healthy: true,
      breaker: 'closed',
      outcomesRecent: 30,
      failureShare: 0,
    } as const
    const bad = {
      ...target,
      available: false,
      healthy: false,
      outcomesRecent: 10,
      failureShare: 1,
      breaker: 'open',
      ejectedUntilMs: 9,
    } as const
    const [merged] = mergeUpstreams([
      [{ ...stats, targets: [good] }],
      [{ ...stats, targets: [bad] }],
    ])
    expect(merged).toEqual({
      ...stats,
      inFlight: 2,
      requests: 4,
      failures: 2,
      targets: [
        {
          ...bad,
          inFlight: 2,
          requests: 4,
          failures: 2,
          outcomesRecent: 40,
          failureShare: 0.25,
        },
      ],
    })
    const unknown = { ...good, healthy: null, outcomesRecent: 0, failureShare: null }
    const healthOf = (targets: readonly (typeof good | typeof unknown)[]): unknown =>
      mergeUpstreams(targets.map((each) => [{ ...stats, targets: [each] }])).at(0)?.targets[0]
        ?.healthy
    expect([healthOf([unknown, unknown]), healthOf([unknown, good])]).toEqual([null, true])
  })
})
