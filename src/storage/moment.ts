import type { Clock } from '../core/clock.ts'

/** A point in time on both clocks, because the monotonic clock stops while the machine is suspended. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** Before everything. */
export const NEVER: Moment = { monotonicMs: -Infinity, wallMs: -Infinity }

/** Reads both clocks. */
export const momentOf = (clock: Clock): Moment => ({
  monotonicMs: clock.monotonicMs(),
  wallMs: clock.nowMs(),
})

/** Whether a moment is at most `ms` ago, by both clocks. */
export const isWithin = (clock: Clock, { monotonicMs, wallMs }: Moment, ms: number): boolean =>
  clock.monotonicMs() - monotonicMs <= ms && clock.nowMs() - wallMs <= ms
