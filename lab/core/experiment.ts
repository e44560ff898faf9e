import type { Exhibit } from './exhibit.ts'
import type { Figure } from './figure.ts'
import type { Trust } from './trust.ts'
import type { Judgement } from './verdict.ts'
import type { World } from './world.ts'

/** Anything JSON can hold. */
export type Json =
  | boolean
  | number
  | string
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }

/** Everything that is concluded from the raw data of an experiment, and from nothing else. */
export interface Outcome {
  readonly judgement: Judgement
  /** Most important first; the first five head the report. */
  readonly figures: readonly Figure[]
  readonly exhibits: readonly Exhibit[]
  /** What a reader must know to trust or doubt the figures. */
  readonly notes: readonly string[]
  /** What the raw data says about trust; the runner adds what it observed of the machine. */
  readonly trust: Partial<Trust>
}

/**
 * An experiment in two halves, so that a stored result can be checked: `measure` talks to servers
 * and returns raw data (counts, histograms, blocks); `analyze` is pure and computes every figure
 * from it. `tollgate lab replay` runs `analyze` again and compares.
 *
 * @typeParam Options - What was asked for, as JSON.
 * @typeParam Raw - What was observed, as JSON.
 */
export interface Experiment<Options, Raw> {
  /** The subcommand of `tollgate lab`, such as `overhead`. */
  readonly kind: string
  readonly title: string
  /** Rejects with a `LabError` if it cannot run at all; a doubtful run is left to `analyze` to judge. */
  measure(options: Options, world: World): Promise<Raw>
  /** @param seed - For bootstrap and permutation; the same seed gives the same outcome. */
  analyze(options: Options, raw: Raw, seed: number): Outcome
}

/** A mistake of the caller (a wrong option, a target that does not answer), with a message to act on. */
export class LabError extends Error {
  override readonly name = 'LabError'
}
