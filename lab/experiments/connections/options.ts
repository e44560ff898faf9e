import type { Aim } from '../../load/index.ts'

/** What a ladder of connections is asked. */
export interface ConnectionsOptions extends Aim {
  /** Connections of each step, rising. */
  readonly steps: readonly number[]
  /** How long all connections of a step are held. */
  readonly holdMs: number
  /** Requests a second over all of them. */
  readonly rate: number
  readonly timeoutMs: number
  /** Longest p99 that a step may have; `null` for any. */
  readonly p99Ms: number | null
  /** Process whose memory is read; `null` to look for the one that listens on the target's port. */
  readonly pid: number | null
  readonly sources: readonly string[]
  readonly workers: number
}
