import type { Histogram } from '../histogram/index.ts'
import { COARSE_BITS, createHistogram, histogramFrom } from '../histogram/index.ts'
import type { LoadPlan } from './job.ts'
import { levelAt } from './plan/profile.ts'
import type { ProgressMessage } from './worker/messages.ts'

/** What is known about a run while it goes on. */
export interface Watcher {
  take(worker: number, message: ProgressMessage): void
  /** Of requests planned after the warm-up; in coarse precision. */
  readonly total: {
    readonly succeeded: number
    readonly failed: number
    readonly response: Histogram
    readonly lag: Histogram
  }
  /** Milliseconds since the start. */
  readonly elapsedMs: number
  /** Current figures as text, by name. */
  figures(): Readonly<Record<string, string>>
}

/** Adds up what workers report during a run. */
export function createWatcher(plan: LoadPlan, workers: number): Watcher {
  const total = {
    succeeded: 0,
    failed: 0,
    response: createHistogram(COARSE_BITS),
    lag: createHistogram(COARSE_BITS),
  }
  const latest: (ProgressMessage | undefined)[] = Array.from({ length: workers }, () => undefined)
  const beforeMs = Array.from({ length: workers }, () => 0)
  const rates = Array.from({ length: workers }, () => 0)
  let elapsedMs = 0
  let warmUpFailed = 0
  const sumOf = (of: (message: ProgressMessage) => number): number =>
    latest.reduce((sum, message) => sum + (message === undefined ? 0 : of(message)), 0)
  return {
    total,
    get elapsedMs() {
      return elapsedMs
    },
    take(worker, message) {
      const { warmUp, counted } = message
      total.succeeded += counted.succeeded
      total.failed += counted.failed
      warmUpFailed += warmUp.failed
      total.response.add(histogramFrom(counted.response))
      total.lag.add(histogramFrom(message.lag))
      const tookMs = message.atMs - (beforeMs[worker] ?? 0)
      const succeeded = warmUp.succeeded + counted.succeeded
      rates[worker] = tookMs > 0 ? (succeeded / tookMs) * 1000 : 0
      beforeMs[worker] = message.atMs
      latest[worker] = message
      elapsedMs = Math.max(elapsedMs, message.atMs)
    },
    figures() {
      const now = createHistogram(COARSE_BITS)
      for (const { warmUp, counted } of latest.filter((message) => message !== undefined)) {
        now.add(histogramFrom(warmUp.response))
        now.add(histogramFrom(counted.response))
      }
      const wanted = levelAt(plan.model.profile, elapsedMs)
      const unit = plan.model.kind === 'open' ? '/s' : ' users'
      return {
        time: `${Math.round(elapsedMs / 1000)} s`,
        plan: `${Math.round(wanted)}${unit}`,
        rate: `${Math.round(rates.reduce((sum, rate) => sum + rate, 0))}/s`,
        p50: milliseconds(now.quantile(0.5)),
        p99: milliseconds(now.quantile(0.99)),
        errors: String(warmUpFailed + total.failed),
        'in flight': String(sumOf(({ inFlight }) => inFlight)),
        connections: String(sumOf(({ connections }) => connections)),
        'lag p99': milliseconds(total.lag.quantile(0.99)),
      }
    },
  }
}

const milliseconds = (us: number): string =>
  Number.isNaN(us) ? '–' : `${(us / 1000).toFixed(us < 10_000 ? 2 : 0)} ms`
