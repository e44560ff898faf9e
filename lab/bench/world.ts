import type { World } from '../core/index.ts'
import { createRandom } from '../core/index.ts'

/** A world for programs that hold the lab against what is known: this machine, and notes to standard error. */
export const createBenchWorld = (seed: number): World => ({
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  seed,
  random: createRandom(seed),
  signal: new AbortController().signal,
  progress: {
    step: () => undefined,
    note: (text) => void process.stderr.write(`${text}\n`),
    live: () => undefined,
  },
})
