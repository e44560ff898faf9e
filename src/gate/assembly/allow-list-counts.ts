import type { AllowListCount } from '../../signals/index.ts'

/** How often each allow-list was consulted, and with what result. */
export interface AllowListCounts {
  count(list: string, hit: boolean): void
  /** `sizeOf` tells how many entries a list has now. */
  counts(sizeOf: (list: string) => number): readonly AllowListCount[]
}

/** Creates {@link AllowListCounts}. Lists are named by the configuration, so there are few. */
export function createAllowListCounts(): AllowListCounts {
  const lists = new Map<string, { allowed: number; refused: number }>()
  return {
    count(list, hit) {
      let counts = lists.get(list)
      if (counts === undefined) lists.set(list, (counts = { allowed: 0, refused: 0 }))
      if (hit) counts.allowed += 1
      else counts.refused += 1
    },
    counts: (sizeOf) =>
      [...lists].map(([name, { allowed, refused }]) => ({
        name,
        entries: sizeOf(name),
        allowed,
        refused,
      })),
  }
}
