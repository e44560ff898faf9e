import type { Value } from '../values/index.ts'

/** A reference as far as it is known at compile time; `null` stands for any key. */
export type RefPath = readonly (string | number | boolean | null)[]

/** A condition for a rule's body to succeed: a path must have one of some scalars. */
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

/** What can be known about a rule without planning it. */
export interface RuleSummary {
  readonly input: readonly RefPath[]
  readonly data: readonly RefPath[]
  /** The functions called, as paths beneath `data`. */
  readonly functions: readonly (readonly string[])[]
  /** Built-ins whose results may differ for the same arguments. */
  readonly changing: readonly string[]
  /** Whether a `with` replaces anything other than input. */
  readonly replaces: boolean
  /** The scalar that is the value of all branches, or `undefined`. */
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
