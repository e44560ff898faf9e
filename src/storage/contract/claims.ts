import type { Claim, CounterShape } from '../counters.ts'

/** 2026-01-01T00:00:00Z: the start of a minute, hour, day, month; a Thursday. */
export const START_MS = 1_767_225_600_000

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** A claim of one unit by one subject, with `changes` applied. */
export function claimOf(shape: CounterShape, changes: Partial<Claim> = {}): Claim {
  return { name: 'limit', shape, subject: 'subject', cost: 1, shadow: false, ...changes }
}

export const bucket = (limit: number, burst = limit, windowMs = MINUTE_MS): CounterShape => ({
  kind: 'bucket',
  limit,
  windowMs,
  burst,
})
export const sliding = (limit: number, windowMs = MINUTE_MS): CounterShape => ({
  kind: 'sliding',
  limit,
  windowMs,
})
export const calendar = (
  limit: number,
  window: 'minute' | 'hour' | 'day' | 'week' | 'month' = 'day',
  offsetMs = 0,
): CounterShape => ({ kind: 'calendar', limit, window, offsetMs })
export const concurrency = (limit: number): CounterShape => ({ kind: 'concurrency', limit })
