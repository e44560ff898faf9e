/**
 * The unit of a figure; a renderer decides how to print it. `ratio` is a factor (1 = equal), `share` a
 * part of a whole or a relative difference (0.05 = 5 %).
 */
export type Unit =
  | 'bytes'
  | 'count'
  | 'microseconds'
  | 'milliseconds'
  | 'nanoseconds'
  | 'per-second'
  | 'ratio'
  | 'seconds'
  | 'share'

/** An interval that contains the true value with the given confidence (0 to 1). */
export interface Interval {
  readonly low: number
  readonly high: number
  readonly confidence: number
}

/**
 * One number of a result, with what is needed to judge it.
 *
 * `value` is `null` where the sample does not support the figure; `insufficient` then says why.
 */
export interface Figure {
  /** Stable identifier within its experiment, such as `response.p99` or `layer.limits.cpu`. */
  readonly name: string
  /** What a reader sees. */
  readonly label: string
  readonly unit: Unit
  readonly value: number | null
  readonly interval?: Interval
  /** Number of units of analysis (blocks, runs, requests) behind the value. */
  readonly sampleSize?: number
  readonly insufficient?: string
}
