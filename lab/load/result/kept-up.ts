import { mean, standardDeviation } from '../../statistics/index.ts'
import type { LoadResult } from './result.ts'

/** How far answers kept up with a planned rate that changes. */
export interface KeptUp {
  /** Requests planned in the quietest and the busiest second. */
  readonly least: number
  readonly most: number
  /** The busiest second before answers fell behind, or of all. */
  readonly rate: number
  /** When answers fell behind, seconds into the run; `null` if they never did. */
  readonly behindFrom: number | null
}

/** Variation of the planned rate, beyond chance, from which it counts as changing. */
const UNEVEN = 0.05
const BEHIND = 0.95
/** How many slow seconds count as falling behind; a single one does not. */
const SECONDS_BEHIND = 2
const SECONDS_MIN = 4

/** `undefined` for closed loads, whose users wait, for a constant rate, and for less than four whole seconds. */
export function keptUp(result: LoadResult): KeptUp | undefined {
  const seconds = secondsOf(result)
  if (result.model !== 'open' || seconds.length < SECONDS_MIN) return undefined
  const rates = seconds.map(({ planned }) => planned)
  const center = mean(rates)
  if (standardDeviation(rates) < center * UNEVEN + 3 * Math.sqrt(center)) return undefined
  const isBehind = seconds.map(
    ({ planned, completed }) => completed < BEHIND * planned - 3 * Math.sqrt(planned),
  )
  const at = isBehind.findIndex(
    (_, from) =>
      from + SECONDS_BEHIND <= isBehind.length &&
      isBehind.slice(from, from + SECONDS_BEHIND).every(Boolean),
  )
  const before = at < 0 ? rates : rates.slice(0, at)
  return {
    least: Math.min(...rates),
    most: Math.max(...rates),
    rate: Math.max(0, ...before),
    behindFrom: at < 0 ? null : (seconds[at]?.from ?? null),
  }
}

/** Whole seconds after the warm-up. */
function secondsOf(
  result: LoadResult,
): readonly { readonly from: number; readonly planned: number; readonly completed: number }[] {
  const { windows, windowMs, warmUpMs, durationMs, elapsedMs } = result
  const per = Math.max(1, Math.round(1000 / windowMs))
  const first = Math.ceil(warmUpMs / windowMs)
  const last = Math.floor(Math.min(durationMs, elapsedMs) / windowMs)
  return Array.from({ length: Math.max(0, Math.floor((last - first) / per)) }, (_, second) => {
    const from = first + second * per
    const part = windows.slice(from, from + per)
    const sum = (of: (window: (typeof part)[number]) => number): number =>
      (part.reduce((total, window) => total + of(window), 0) * 1000) / (per * windowMs)
    return {
      from: (from * windowMs) / 1000,
      planned: sum(({ planned }) => planned),
      completed: sum(({ completed }) => completed),
    }
  })
}
