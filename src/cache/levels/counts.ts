import type { LevelStats } from '../contract.ts'

/** Counts of a level that only grow. */
export type LevelCounts = {
  -readonly [K in Exclude<keyof LevelStats, 'entries' | 'bytes'>]: number
}

/** Counts of a level that has done nothing yet. */
export function createCounts(): LevelCounts {
  return {
    hits: 0,
    misses: 0,
    stores: 0,
    fenced: 0,
    evictions: 0,
    expired: 0,
    corrupt: 0,
    unavailable: 0,
  }
}
