import type { FieldReader } from './fields.ts'
import { parseHttpDate } from './http-date.ts'

/** When a request was sent and its response came, wall clock, milliseconds. */
export interface ExchangeTimes {
  readonly requestMs: number
  readonly responseMs: number
}

const AGE_MAX_S = 2_147_483_648

/**
 * Seconds of the Age field (RFC 9111 §5.1): the first member counts, and what is not a whole number of
 * seconds is ignored.
 */
export function ageOf(value: string | null): number {
  if (value === null) return 0
  const comma = value.indexOf(',')
  const first = (comma === -1 ? value : value.slice(0, comma)).trim()
  return /^\d+$/.test(first) ? Math.min(Number(first), AGE_MAX_S) : 0
}

/** The Date of a response in milliseconds, or its arrival when it has no readable Date. */
export function dateOf(fields: FieldReader, arrivalMs: number): number {
  const date = fields.get('date')
  return (date === null ? undefined : parseHttpDate(date, arrivalMs)) ?? arrivalMs
}

/**
 * How old a response was when it arrived, in milliseconds (RFC 9111 §4.2.3). Date has a resolution of a second, so the
 * clock is rounded down to the second too. Otherwise a response made just now could seem up to a second old, and its
 * `max-age=1` over.
 */
export function initialAgeMs(fields: FieldReader, times: ExchangeTimes): number {
  const arrivalSecondMs = times.responseMs - (times.responseMs % 1000)
  const apparentMs = Math.max(0, arrivalSecondMs - dateOf(fields, times.responseMs))
  const delayMs = Math.max(0, times.responseMs - times.requestMs)
  return Math.max(apparentMs, ageOf(fields.get('age')) * 1000 + delayMs)
}
