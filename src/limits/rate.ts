import type { CounterShape } from '../storage/index.ts'
import type { LimitConfig } from './config.ts'

/** A limit with a certain value: the shape of its counter, and how it is advertised. */
export interface Rate {
  readonly shape: CounterShape
  /** Member of the `RateLimit-Policy` list. */
  readonly policyItem: string
}

const CALENDAR_SECONDS = {
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
} as const

/** Structured Field integers have at most 15 digits (RFC 9651 §3.3.1). */
const INTEGER_MAX = 999_999_999_999_999

/** Rounds up and clamps to a Structured Field integer that is not negative. */
export const fieldInteger = (value: number): number =>
  value > 0 ? Math.min(Math.ceil(value), INTEGER_MAX) : 0

/** The rate of `config` with its limit set to `limit`. A burst keeps its proportion to the limit; 0 leaves none. */
export function rateOf(name: string, config: LimitConfig, limit: number): Rate {
  return { shape: shapeOf(config, limit), policyItem: policyItem(name, config, limit) }
}

function shapeOf(config: LimitConfig, limit: number): CounterShape {
  const { kind } = config
  if (kind === 'concurrency') return { kind, limit }
  if (kind === 'sliding') return { kind, limit, windowMs: config.window }
  if (kind === 'calendar') {
    return { kind, limit, window: config.window, offsetMs: parseUtcOffsetMs(config.utcOffset) }
  }
  const burst = ((config.burst ?? config.limit) * limit) / config.limit
  const burstWhole = limit === 0 ? 0 : Math.max(1, Math.round(burst))
  return { kind, limit, windowMs: config.window, burst: burstWhole }
}

function parseUtcOffsetMs(text: string): number {
  const [hours = '0', minutes = '0'] = text.slice(1).split(':')
  const ms = Number(hours) * 3_600_000 + Number(minutes) * 60_000
  return text.startsWith('-') ? -ms : ms
}

/** A policy's name, `q`, `w`, and `qu` unless it counts requests (draft-ietf-httpapi-ratelimit-headers-11 §3). */
function policyItem(name: string, config: LimitConfig, limit: number): string {
  const quota = `"${name}";q=${fieldInteger(limit)}`
  if (config.kind === 'concurrency') return `${quota};qu="concurrent-requests"`
  const seconds =
    config.kind === 'calendar' ? CALENDAR_SECONDS[config.window] : config.window / 1000
  return `${quota};w=${fieldInteger(seconds)}`
}
