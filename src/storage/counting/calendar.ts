import type { CounterShape } from '../counters.ts'

type CalendarShape = Extract<CounterShape, { kind: 'calendar' }>

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Weeks start on Monday (ISO 8601); the epoch was a Thursday. */
const WEEK_PHASE_MS = 3 * DAY_MS

const LENGTH_MS = {
  minute: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
} as const

/** A window of the calendar: from `startMs` (inclusive) to `endMs` (exclusive). */
export interface CalendarWindow {
  startMs: number
  endMs: number
}

/** Sets `window` to the one that contains `nowMs`, unless it already is. */
export function placeWindow(shape: CalendarShape, nowMs: number, window: CalendarWindow): void {
  if (nowMs >= window.startMs && nowMs < window.endMs) return
  const localMs = nowMs + shape.offsetMs
  if (shape.window === 'month') {
    const date = new Date(localMs)
    const year = date.getUTCFullYear()
    const month = date.getUTCMonth()
    window.startMs = Date.UTC(year, month) - shape.offsetMs
    window.endMs = Date.UTC(year, month + 1) - shape.offsetMs
    return
  }
  const lengthMs = LENGTH_MS[shape.window]
  const phaseMs = shape.window === 'week' ? WEEK_PHASE_MS : 0
  const start = Math.floor((localMs + phaseMs) / lengthMs) * lengthMs - phaseMs
  window.startMs = start - shape.offsetMs
  window.endMs = window.startMs + lengthMs
}
