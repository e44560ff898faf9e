import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../core/clock.ts'
import type { Metrics } from './metrics.ts'

/** How late timers ran, in milliseconds. */
export interface EventLoopDelay {
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Memory of the process in bytes. */
export interface MemoryUse {
  readonly rssBytes: number
  readonly heapUsedBytes: number
  readonly heapTotalBytes: number
  readonly externalBytes: number
}

/** Reads what the process uses. */
export interface ProcessReadings {
  memory(): MemoryUse
  /** CPU seconds since the start, user and system. */
  cpuSeconds(): { readonly user: number; readonly system: number }
  /** Since the start, or since the last {@link ProcessReadings.resetEventLoop}. */
  eventLoop(): EventLoopDelay
  resetEventLoop(): void
  uptimeMs(): number
  close(): void
}

const LOOP_RESOLUTION_MS = 20
const NS_PER_MS = 1e6
const US_PER_SECOND = 1e6

/** Starts reading the process; `close` ends the event-loop monitor. */
export function createProcessReadings(clock: Clock): ProcessReadings {
  const startedMs = clock.monotonicMs()
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  loop.enable()
  const late = (ns: number): number =>
    Number.isFinite(ns) ? Math.max(0, ns / NS_PER_MS - LOOP_RESOLUTION_MS) : 0
  return {
    memory() {
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
      return {
        rssBytes: rss,
        heapUsedBytes: heapUsed,
        heapTotalBytes: heapTotal,
        externalBytes: external,
      }
    },
    cpuSeconds() {
      const { user, system } = process.cpuUsage()
      return { user: user / US_PER_SECOND, system: system / US_PER_SECOND }
    },
    eventLoop: () => ({
      meanMs: late(loop.mean),
      p50Ms: late(loop.percentile(50)),
      p99Ms: late(loop.percentile(99)),
      maxMs: late(loop.max),
    }),
    resetEventLoop: () => loop.reset(),
    uptimeMs: () => clock.monotonicMs() - startedMs,
    close: () => void loop.disable(),
  }
}

/** Declares the process families and `tollgate_build_info`; read at each scrape. */
export function declareProcessMetrics(
  metrics: Metrics,
  readings: ProcessReadings,
  build: { readonly version: string; readonly runtime: string; readonly startedAtMs: number },
): void {
  const gauge = (name: string, help: string, merge: 'sum' | 'max' | 'min' = 'sum') =>
    metrics.gauge({ name: `tollgate_${name}`, help, merge })
  const info = metrics.gauge({
    name: 'tollgate_build_info',
    help: 'Version of Tollgate and of the runtime.',
    labels: ['version', 'runtime'],
    merge: 'max',
  })
  info.set(info.slot(build.version, build.runtime), 1)
  gauge(
    'process_start_time_seconds',
    'Start of the process, in seconds since the Unix epoch.',
    'min',
  ).set(0, build.startedAtMs / 1000)
  const cpu = metrics.counter({
    name: 'tollgate_process_cpu_seconds_total',
    help: 'CPU time used.',
    labels: ['mode'],
  })
  const modes = { user: cpu.slot('user'), system: cpu.slot('system') }
  const resident = gauge('process_resident_memory_bytes', 'Resident memory.')
  const heapUsed = gauge('process_heap_used_bytes', 'JavaScript heap in use.')
  const heapTotal = gauge('process_heap_total_bytes', 'JavaScript heap reserved.')
  const loopMean = gauge('event_loop_delay_mean_seconds', 'Mean delay of timers.', 'max')
  const loopP99 = gauge(
    'event_loop_delay_p99_seconds',
    '99th percentile of the delay of timers.',
    'max',
  )
  const loopMax = gauge('event_loop_delay_max_seconds', 'Greatest delay of timers.', 'max')
  metrics.beforeSnapshot(() => {
    const { user, system } = readings.cpuSeconds()
    cpu.set(modes.user, user)
    cpu.set(modes.system, system)
    const memory = readings.memory()
    resident.set(0, memory.rssBytes)
    heapUsed.set(0, memory.heapUsedBytes)
    heapTotal.set(0, memory.heapTotalBytes)
    const loop = readings.eventLoop()
    loopMean.set(0, loop.meanMs / 1000)
    loopP99.set(0, loop.p99Ms / 1000)
    loopMax.set(0, loop.maxMs / 1000)
  })
}
