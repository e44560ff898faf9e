import type { Random } from './random.ts'

/** What a user sees while an experiment runs. Lines off a terminal, a live view on one. */
export interface Progress {
  /** A step begins: `done` of `total` steps are over. */
  step(label: string, done: number, total: number): void
  /** A line worth keeping: a discarded block, a noisy neighbor. */
  note(text: string): void
  /** Figures of the moment; may be drawn over the ones before. */
  live(figures: Readonly<Record<string, string>>): void
}

/** The outside, handed in: clocks, randomness, a way to give up, somebody to tell. */
export interface World {
  /** Monotonic time in milliseconds, with fractions. */
  readonly monotonicMs: () => number
  /** Wall-clock time in milliseconds since 1970. */
  readonly wallMs: () => number
  readonly seed: number
  readonly random: Random
  readonly signal: AbortSignal
  readonly progress: Progress
}
