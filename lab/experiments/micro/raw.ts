import type { Budget } from './budget.ts'

/** What was asked. */
export type MicroOptions = {
  /** Module whose default export is the cases; `null` for those of the gate. */
  readonly file: string | null
  /** Only cases whose name contains one of these. */
  readonly only: readonly string[]
  readonly processes: number
  /** Points per regression. */
  readonly points: number
  /** Time for the points of one process, milliseconds. */
  readonly sampleMs: number
  readonly warmUpMs: number
  readonly budgets: readonly Budget[]
}

/** One process that timed one case. */
export type MicroRun = {
  /** Iterations and nanoseconds of each point. */
  readonly iterations: readonly number[]
  readonly nanoseconds: readonly number[]
  /** Whether the last doublings of the warm-up took the same time per iteration. */
  readonly settled: boolean
  readonly isAsync: boolean
}

/** A case with its processes. */
export type MicroCaseRaw = {
  readonly name: string
  readonly against: string | null
  /** Name of the difference from that case. */
  readonly differenceName?: string | undefined
  /** One per round; every case is timed once in each round. */
  readonly runs: readonly MicroRun[]
  /** Bytes by which one iteration grows the process with garbage collection turned off; `null` if unknown. */
  readonly allocatedBytes: number | null
}

/** What was seen. */
export type MicroRaw = { readonly cases: readonly MicroCaseRaw[] }
