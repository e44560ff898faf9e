import { describe, expect, test } from 'bun:test'
import type { MetricsSnapshot } from './snapshot.ts'
import { renderSnapshot } from './exposition.ts'
import { createLayerTimings } from './layer-timings.ts'
import { createMetrics } from './metrics.ts'
import { mergeSnapshots } from './snapshot.ts'

/** A worker's snapshot, as another process receives it. */
function worker(
  requests: Readonly<Record<string, number>>,
  lag: number,
  up: number,
): MetricsSnapshot {
  const metrics = createMetrics()
  const counter = metrics.counter({ name: 'requests_total', help: 'r', labels: ['route'] })
  for (const [route, count] of Object.entries(requests)) counter.add(counter.slot(route), count)
  metrics.gauge({ name: 'lag_seconds', help: 'l', merge: 'max' }).set(0, lag)
  metrics.gauge({ name: 'up', help: 'u', merge: 'min' }).set(0, up)
  metrics.gauge({ name: 'connections', help: 'c' }).set(0, 5)
  const histogram = metrics.histogram({ name: 'seconds', help: 's', bounds: [1, 2] })
  histogram.observe(0, lag)
  return JSON.parse(JSON.stringify(metrics.snapshot())) as MetricsSnapshot
}

describe('metrics of several processes', () => {
  test('add up: counters, gauges by their rule, histograms bucket by bucket', () => {
    const merged = mergeSnapshots([worker({ a: 1, b: 2 }, 0.5, 1), worker({ b: 3, c: 4 }, 1.5, 0)])
    const lines = renderSnapshot(merged).split('\n')
    expect(lines).toContain('requests_total{route="a"} 1')
    expect(lines).toContain('requests_total{route="b"} 5')
    expect(lines).toContain('requests_total{route="c"} 4')
    expect(lines).toContain('lag_seconds 1.5')
    expect(lines).toContain('up 0')
    expect(lines).toContain('connections 10')
    expect(lines).toContain('seconds_bucket{le="1"} 1')
    expect(lines).toContain('seconds_bucket{le="2"} 2')
    expect(lines).toContain('seconds_sum 2')
  })

  test('of one process stay as they are, and of none are nothing', () => {
    const one = worker({ a: 1 }, 1, 1)
    expect(mergeSnapshots([one])).toEqual(one)
    expect(mergeSnapshots([])).toEqual({ families: [] })
  })

  test('leave out a histogram whose buckets mean something else', () => {
    const other = createMetrics()
    other.histogram({ name: 'seconds', help: 's', bounds: [7] }).observe(0, 1)
    const merged = mergeSnapshots([worker({}, 0.5, 1), other.snapshot()])
    expect(renderSnapshot(merged)).toContain('seconds_count 1')
  })

  test('carry the timings of layers over', () => {
    const [a, b] = [createLayerTimings(['x', 'y'], 1), createLayerTimings(['y', 'z'], 1)]
    a.record(1, 1000)
    b.record(0, 3000)
    b.record(1, 5000)
    a.add(JSON.parse(JSON.stringify(b.state())) as ReturnType<typeof b.state>)
    const [x, y] = a.latencies()
    expect(x?.samples).toBe(0)
    expect(y).toMatchObject({ layer: 'y', samples: 2, meanNs: 2000, maxNs: 3000 })
  })
})
