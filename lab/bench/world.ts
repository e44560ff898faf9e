import type { World } from '../core/index.ts'
import { createRandom } from '../core/index.ts'

/** A world for programs that check the lab against known values: this machine, with notes on standard error. */
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
