import { histogramFrom, mergeHistograms } from '../../histogram/index.ts'
import type { LoadResult, WindowData } from '../../load/index.ts'

/** The effect of a fault, in milliseconds and requests. */
export interface Recovery {
  /** Whether there are enough windows before the fault, and no request failed in them. */
  readonly isBaselineClean: boolean
  /** Response time above which a window no longer is as before. */
  readonly limitMs: number
  /** From the fault to the end of the first window in which requests noticed it; `null` if none did. */
  readonly detectMs: number | null
  /** From its end to the first of three windows that are as before; `null` if there were none. */
  readonly recoverMs: number | null
  /** Requests that failed until the recovery or the end, including those under way when the fault began. */
  readonly lost: number
  /** Requests planned while the fault lasted. */
  readonly exposed: number
  /** Requests under way beyond the usual number, integrated over time (request-seconds). */
  readonly backlogSeconds: number
}

const CLEAN_IN_A_ROW = 3
/** The time at the start in which connections are opened and code is compiled; its windows do not count. */
const SETTLING_MS = 1000

/** Derives the recovery from the windows of a run with a fault. */
export function readRecovery(result: LoadResult, injectedMs: number, clearedMs: number): Recovery {
  const { windowMs, durationMs } = result
  const windows = result.windows.slice(0, Math.floor(durationMs / windowMs))
  const firstFaulty = Math.floor(injectedMs / windowMs)
  const settled = Math.ceil(SETTLING_MS / windowMs)
  const baseline = windows.slice(Math.min(settled, Math.max(0, firstFaulty - 4)), firstFaulty)
  const limitMs = limitOf(baseline)
  const isClean = (window: WindowData): boolean =>
    window.failed === 0 && windowMs90(window) <= limitMs
  // A request planned shortly before the fault may still be under way when it comes.
  const firstMet = Math.floor(Math.max(0, injectedMs - limitMs) / windowMs)
  const before = baseline.slice(0, Math.max(0, baseline.length - (firstFaulty - firstMet)))
  const firstSeen = windows.findIndex((window, at) => at >= firstFaulty && !isClean(window))
  const firstAfter = Math.ceil(clearedMs / windowMs)
  const recovered = windows.findIndex(
    (_, at) =>
      at >= firstAfter &&
      at + CLEAN_IN_A_ROW <= windows.length &&
      windows.slice(at, at + CLEAN_IN_A_ROW).every(isClean),
  )
  const end = recovered < 0 ? windows.length : recovered
  const usual =
    baseline.reduce((sum, { inFlight }) => sum + inFlight, 0) / Math.max(1, baseline.length)
  const affected = windows.slice(firstFaulty, end)
  const met = windows.slice(firstMet, end)
  return {
    isBaselineClean: before.length >= CLEAN_IN_A_ROW && before.every(({ failed }) => failed === 0),
    limitMs,
    detectMs: firstSeen < 0 ? null : Math.max(0, (firstSeen + 1) * windowMs - injectedMs),
    recoverMs: recovered < 0 ? null : Math.max(0, recovered * windowMs - clearedMs),
    lost: met.reduce((sum, { failed }) => sum + failed, 0),
    exposed: windows
      .slice(firstFaulty, Math.max(firstFaulty + 1, firstAfter))
      .reduce((sum, { planned }) => sum + planned, 0),
    backlogSeconds: affected.reduce(
      (sum, { inFlight }) => sum + Math.max(0, inFlight - usual) * (windowMs / 1000),
      0,
    ),
  }
}

/** Twice the usual 99th percentile or 20 ms more than it, whichever is larger. */
function limitOf(baseline: readonly WindowData[]): number {
  const responses = baseline.flatMap(({ response }) =>
    response === null ? [] : [histogramFrom(response)],
  )
  if (responses.length === 0) return 0
  const usualMs = mergeHistograms(responses).quantile(0.99) / 1000
  return Math.max(2 * usualMs, usualMs + 20)
}

const windowMs90 = ({ response }: WindowData): number =>
  response === null ? 0 : histogramFrom(response).quantile(0.9) / 1000
