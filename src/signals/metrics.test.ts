import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import { CACHE_RESULT, createGateMetrics, LAYER_OUTCOME } from './gate-metrics.ts'
import { createLayerTimings } from './layer-timings.ts'
import { declareLedgerMetrics } from './ledger-metrics.ts'
import { createMetrics } from './metrics.ts'
import { createProcessReadings, declareProcessMetrics } from './process-metrics.ts'

/** The gate's registry with something in every family. */
function busyGate(routesMax = 8) {
  const metrics = createMetrics()
  const layers = ['admit', 'identify']
  const timings = createLayerTimings(layers, 4)
  const gate = createGateMetrics({ metrics, layers, timings, routesMax })
  const readings = createProcessReadings(createManualClock())
  const build = { version: '0.1.0', runtime: 'bun 1.4.5', startedAtMs: 1_767_225_600_000 }
  declareProcessMetrics(metrics, readings, build)
  declareLedgerMetrics(metrics, () => ({ status: 'open', queued: 3, dropped: 2, written: 9 }))
  gate.request(gate.routeSlot('/scene/{id}'), 'GET', 200, 7e6)
  gate.request(gate.routeSlot('/scene/{id}'), 'BREW', 503, 20e9)
  gate.decision(0, LAYER_OUTCOME.pass)
  gate.decision(1, LAYER_OUTCOME.refuse)
  gate.cacheLookup(gate.cacheSlot('keys'), CACHE_RESULT.hit)
  gate.limitRejected(gate.limitSlot('per-key'))
  gate.authFailed(gate.authFailureSlot('expired'))
  const upstream = gate.upstreamSlot('scene "api"\\\n')
  gate.upstreamRequest(upstream, 200, 3e6)
  gate.upstreamRequest(upstream, 0, 1e9)
  gate.upstreamInFlight(upstream, 1)
  gate.upstreamStates([
    {
      name: 'scene "api"\\\n',
      targets: [
        { breaker: 'open', healthy: false },
        { breaker: 'closed', healthy: null },
      ],
    },
  ])
  gate.connections(12)
  gate.reload(true, 'abcdef0123456789', 1_767_225_600_000)
  gate.reload(false, 'ffffff0123456789', 1_767_225_700_000)
  timings.record(0, 900)
  timings.record(0, 70_000)
  readings.close()
  return { metrics, gate, timings }
}

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\+Inf|-Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/

/** Reads the text format strictly: throws at the first line that breaks its rules. */
function parseExposition(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line)
    if (comment !== null) {
      if (comment[1] === 'TYPE') expect(types.has(comment[2] ?? '')).toBe(false)
      if (comment[1] === 'TYPE') types.set(comment[2] ?? '', comment[3] ?? '')
      continue
    }
    const match = SAMPLE.exec(line)
    if (match === null) throw new Error(`not a sample: ${line}`)
    const family = (match[1] ?? '').replace(/_(bucket|sum|count)$/, '')
    expect(types.has(match[1] ?? '') || types.get(family) === 'histogram').toBe(true)
    const series = line.slice(0, line.lastIndexOf(' '))
    expect(samples.has(series)).toBe(false)
    samples.set(series, Number(match[3]?.replace('Inf', 'Infinity')))
  }
  return samples
}

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

describe('the metrics page', () => {
  test('names the configuration in force, and it alone, however many there were before', () => {
    const { metrics, gate } = busyGate()
    const hashOf = (at: number): string => String(at).padEnd(16, 'f')
    for (let at = 0; at < 100; at++) {
      gate.reload(true, hashOf(at), 1_767_225_600_000)
      const named = [...parseExposition(metrics.render())].filter(([series]) =>
        series.startsWith('tollgate_config_info'),
      )
      expect(named).toEqual([[`tollgate_config_info{hash="${hashOf(at).slice(0, 12)}"}`, 1]])
    }
  })

  test('follows the text exposition format, each series once', () => {
    const samples = parseExposition(busyGate().metrics.render())
    expect(samples.get('tollgate_decisions_total{layer="identify",outcome="refuse"}')).toBe(1)
    expect(samples.get('tollgate_cache_lookups_total{cache="keys",result="hit"}')).toBe(1)
    expect(samples.get('tollgate_limit_rejections_total{limit="per-key"}')).toBe(1)
    expect(samples.get('tollgate_auth_failures_total{reason="expired"}')).toBe(1)
    expect(samples.get('tollgate_ledger_dropped_records_total')).toBe(2)
    expect(samples.get('tollgate_config_reloads_total{outcome="refused"}')).toBe(1)
    expect(samples.get('tollgate_config_info{hash="abcdef012345"}')).toBe(1)
    expect(samples.get('tollgate_build_info{version="0.1.0",runtime="bun 1.4.5"}')).toBe(1)
    expect(samples.get('tollgate_upstream_breaker_state{upstream="scene \\"api\\"\\\\\\n"}')).toBe(
      2,
    )
    const ofScene = String.raw`{upstream="scene \"api\"\\\n"}`
    expect(samples.get(`tollgate_upstream_targets${ofScene}`)).toBe(2)
    expect(samples.get(`tollgate_upstream_targets_unhealthy${ofScene}`)).toBe(1)
  })

  test('does not go on showing the state of an upstream that is gone', () => {
    const { metrics, gate } = busyGate()
    gate.upstreamStates([{ name: 'new', targets: [{ breaker: 'closed', healthy: true }] }])
    const samples = parseExposition(metrics.render())
    const ofScene = String.raw`{upstream="scene \"api\"\\\n"}`
    expect(samples.get(`tollgate_upstream_breaker_state${ofScene}`)).toBe(0)
    expect(samples.get(`tollgate_upstream_targets_unhealthy${ofScene}`)).toBe(0)
    expect(samples.get('tollgate_upstream_targets{upstream="new"}')).toBe(1)
  })

  test('cumulates histogram buckets up to +Inf, which equals the count', () => {
    const samples = parseExposition(busyGate().metrics.render())
    const name = 'tollgate_http_server_request_duration_seconds'
    const labels = (method: string, status: number) =>
      `http_request_method="${method}",http_route="/scene/{id}",http_response_status_code="${status}"`
    expect(samples.get(`${name}_bucket{${labels('GET', 200)},le="0.005"}`)).toBe(0)
    expect(samples.get(`${name}_bucket{${labels('GET', 200)},le="0.01"}`)).toBe(1)
    expect(samples.get(`${name}_bucket{${labels('GET', 200)},le="+Inf"}`)).toBe(1)
    expect(samples.get(`${name}_sum{${labels('GET', 200)}}`)).toBeCloseTo(0.007)
    expect(samples.get(`${name}_bucket{${labels('_OTHER', 503)},le="10"}`)).toBe(0)
    expect(samples.get(`${name}_count{${labels('_OTHER', 503)}}`)).toBe(1)
    const layer = 'tollgate_layer_duration_seconds'
    expect(samples.get(`${layer}_bucket{layer="admit",le="0.000001024"}`)).toBe(1)
    expect(samples.get(`${layer}_count{layer="admit"}`)).toBe(2)
  })

  test.skipIf(!hasPromtool)(
    `passes promtool check metrics${hasPromtool ? '' : ' (promtool is absent)'}`,
    () => {
      const input = busyGate().metrics.render()
      const checked = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
      expect(checked.stdout + checked.stderr).toBe('')
      expect(checked.status).toBe(0)
    },
  )
})

describe('label values', () => {
  test('beyond the bound share one series named other, and no count is lost', () => {
    const { gate } = busyGate(3)
    for (let at = 0; at < 50; at++) gate.request(gate.routeSlot(`/route-${at}`), 'GET', 200, 1e6)
    const counts = gate.routeCounts()
    expect(counts.map(({ route }) => route).sort()).toEqual([
      '/route-0',
      '/route-1',
      '/scene/{id}',
      'other',
    ])
    expect(counts.reduce((sum, { requests }) => sum + requests, 0)).toBe(52)
    expect(counts.find(({ route }) => route === 'other')?.requests).toBe(48)
  })

  test('of counters are bounded alike', () => {
    const { gate } = busyGate()
    for (let at = 0; at < 1000; at++) gate.limitRejected(gate.limitSlot(`limit-${at}`))
    const counts = gate.limitRejectionCounts()
    expect(counts.length).toBeLessThanOrEqual(257)
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(1001)
  })

  test('give the same slot for the same names', () => {
    const counter = createMetrics().counter({ name: 'x_total', help: 'x', labels: ['a', 'b'] })
    expect(counter.slot('1', '2')).toBe(counter.slot('1', '2'))
    expect(counter.slot('1', '2')).not.toBe(counter.slot('12', ''))
    expect(() => counter.slot('1')).toThrow(RangeError)
  })
})

describe('a registry', () => {
  test('refuses wrong and repeated names, and bounds that do not ascend', () => {
    const metrics = createMetrics()
    metrics.counter({ name: 'a_total', help: '' })
    expect(() => metrics.counter({ name: 'a_total', help: '' })).toThrow('twice')
    expect(() => metrics.counter({ name: 'a-b', help: '' })).toThrow(RangeError)
    expect(() => metrics.counter({ name: 'b', help: '', labels: ['0'] })).toThrow(RangeError)
    expect(() => metrics.histogram({ name: 'c', help: '', bounds: [1, 1] })).toThrow(RangeError)
    expect(() => metrics.histogram({ name: 'd', help: '', labels: ['le'], bounds: [] })).toThrow()
  })

  test('leaves out families without a series', () => {
    const metrics = createMetrics()
    metrics.counter({ name: 'unused_total', help: 'x', labels: ['a'] })
    expect(metrics.render()).toBe('')
  })
})
