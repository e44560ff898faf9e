import { COARSE_BITS, createHistogram } from '../histogram/index.ts'
import type { LoadResult } from './result/result.ts'

/** The observations of a made-up run. */
export interface MadeRun {
  readonly model?: 'closed' | 'open'
  readonly rate?: number
  readonly seconds?: number
  /** Response times in milliseconds, one for each answered request. */
  readonly responseMs: readonly number[]
  readonly lagMs?: number
  readonly failed?: number
  readonly changes?: Partial<LoadResult>
}

/** A made-up result of a run with steady load, to test what is derived from results. */
export function madeResult(run: MadeRun): LoadResult {
  const { model = 'open', seconds = 10, responseMs, lagMs = 0.1, failed = 0 } = run
  const windowCount = seconds * 4
  const response = createHistogram()
  const lag = createHistogram()
  const windows = Array.from({ length: windowCount }, () => createHistogram(COARSE_BITS))
  for (const [at, ms] of responseMs.entries()) {
    response.record(ms * 1000)
    lag.record(lagMs * 1000)
    windows[Math.floor((at / responseMs.length) * windowCount)]!.record(ms * 1000)
  }
  const planned = responseMs.length + failed
  return {
    requestNames: ['request'],
    model,
    workers: 1,
    durationMs: seconds * 1000,
    warmUpMs: 0,
    timeoutMs: 10_000,
    windowMs: 250,
    plannedRate: model === 'open' ? (run.rate ?? planned / seconds) : null,
    thinkMs: model === 'closed' ? 0 : null,
    aborted: null,
    cpuMs: seconds * 300,
    elapsedMs: seconds * 1000,
    sent: planned,
    discarded: 0,
    censored: 0,
    completedInTime: responseMs.length,
    bytesReceived: 0,
    connectionsOpened: 1,
    connectionsPeak: 1,
    users: model === 'closed' ? 1 : 0,
    statuses: { '200': responseMs.length },
    failures: failed > 0 ? { 'status 500': failed } : {},
    lag: lag.toJSON(),
    rejected: createHistogram().toJSON(),
    requests: [
      {
        planned,
        succeeded: responseMs.length,
        failed,
        response: response.toJSON(),
        service: response.toJSON(),
      },
    ],
    classes: {},
    windows: windows.map((window) => ({
      planned: planned / windowCount,
      failed: failed / windowCount,
      completed: window.count,
      inFlight: 1,
      lagMaxUs: lagMs * 1000,
      response: window.toJSON(),
    })),
    ...run.changes,
  }
}
