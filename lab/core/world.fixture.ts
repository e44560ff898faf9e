import { createRandom } from './random.ts'
import type { World } from './world.ts'

/** A world that discards progress. */
export function quietWorld(signal: AbortSignal = new AbortController().signal): World {
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    seed: 1,
    random: createRandom(1),
    signal,
    progress: { step: () => undefined, note: () => undefined, live: () => undefined },
  }
}
