import type { Value } from '../values/index.ts'

/** A reference as far as it is known when compiling: `null` stands for any key. */
export type RefPath = readonly (string | number | boolean | null)[]

/** What a rule demands of one path for its body to succeed: to be one of some scalars. */
export interface Demand {
  /** The path from `input`, or from an argument. */
  readonly path: DemandPath
  readonly values: readonly Value[]
}

export interface DemandPath {
  readonly key: string
  /** The argument, or -1 for `input`. */
  readonly param: number
  readonly keys: readonly Value[]
}

/** What can be known of a rule without planning it. */
export interface RuleSummary {
  readonly input: readonly RefPath[]
  readonly data: readonly RefPath[]
  /** The functions called, as paths beneath `data`. */
  readonly functions: readonly (readonly string[])[]
  /** Built-ins whose answers change by themselves. */
  readonly changing: readonly string[]
  /** Whether a `with` replaces anything but input. */
  readonly replaces: boolean
  /** The scalar all branches give, or `undefined`. */
  readonly value: Value | undefined
  readonly demands: readonly Demand[]
}

export const NO_SUMMARY: RuleSummary = {
  input: [],
  data: [],
  functions: [],
  changing: [],
  replaces: false,
  value: undefined,
  demands: [],
}
