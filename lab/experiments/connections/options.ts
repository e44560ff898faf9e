import type { Aim } from '../../load/index.ts'

/** Options of a ladder of connections. */
export interface ConnectionsOptions extends Aim {
  /** Connections of each step, ascending. */
  readonly steps: readonly number[]
  /** How long all connections of a step are held. */
  readonly holdMs: number
  /** Requests per second over all of them. */
  readonly rate: number
  readonly timeoutMs: number
  /** Longest p99 that a step may have; `null` for any. */
  readonly p99Ms: number | null
  /** Process whose memory is read; `null` for the one that listens on the target's port. */
  readonly pid: number | null
  readonly sources: readonly string[]
  readonly workers: number
}
