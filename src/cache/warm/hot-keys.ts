/** Which keys were asked for most lately; bounded. */
export interface HotKeys {
  /** Counts a use. */
  touch(key: string): void
  /** The keys used most, hottest first. */
  hottest(countMax: number): readonly string[]
}

/** Longer keys are not worth a place. */
const KEY_CHARACTERS_MAX = 1024
/** All counts are halved after `capacity` times this many uses. */
const HALF_LIFE_USES_PER_KEY = 64

/**
 * Creates {@link HotKeys} that tell `capacity` keys apart. A table of twice that many counts is cut to its upper half
 * when it is full (similar to lossy counting, Manku and Motwani 2002), and counts are halved now and then, so that keys
 * that were hot long ago give way.
 */
export function createHotKeys(capacity: number): HotKeys {
  if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError('capacity must be positive')
  let counts = new Map<string, number>()
  let uses = 0
  const sorted = (): [string, number][] => [...counts].toSorted(([, a], [, b]) => b - a)
  return {
    touch(key) {
      if (key.length > KEY_CHARACTERS_MAX) return
      counts.set(key, (counts.get(key) ?? 0) + 1)
      uses += 1
      if (counts.size > capacity * 2) counts = new Map(sorted().slice(0, capacity))
      if (uses < capacity * HALF_LIFE_USES_PER_KEY) return
      uses = 0
      const halved = [...counts].map(([held, count]) => [held, count / 2] as const)
      counts = new Map(halved.filter(([, count]) => count >= 1))
    },
    hottest: (countMax) =>
      sorted()
        .slice(0, Math.min(countMax, capacity))
        .map(([key]) => key),
  }
}
