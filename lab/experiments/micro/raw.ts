import type { Budget } from './budget.ts'

/** What was asked. */
export type MicroOptions = {
  /** Module whose default export are the cases; `null` for those of the gate. */
  readonly file: string | null
  /** Only cases whose name contains one of these. */
  readonly only: readonly string[]
  readonly processes: number
  /** Points of a regression. */
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
  /** Whether the last doublings of the warm-up took the same time for each iteration. */
  readonly settled: boolean
  readonly isAsync: boolean
}

/** A case with its processes. */
export type MicroCaseRaw = {
  readonly name: string
  readonly against: string | null
  /** What the difference to it is called. */
  readonly differenceName?: string | undefined
  /** One of each round, in which every case was timed once. */
  readonly runs: readonly MicroRun[]
  /** Bytes that one iteration takes from the system with collection turned off; `null` if unknown. */
  readonly allocatedBytes: number | null
}

/** What was seen. */
export type MicroRaw = { readonly cases: readonly MicroCaseRaw[] }
