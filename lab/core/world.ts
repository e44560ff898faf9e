import type { Random } from './random.ts'

/** What a user sees while an experiment runs: a live view on a terminal, lines elsewhere. */
export interface Progress {
  /** A step begins: `done` of `total` steps are over. */
  step(label: string, done: number, total: number): void
  /** A line worth keeping: a discarded block, a noisy neighbor. */
  note(text: string): void
  /** Current figures; they may overwrite the previous ones. */
  live(figures: Readonly<Record<string, string>>): void
}

/** The outside world, handed in: clocks, randomness, an abort signal and progress. */
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
