import type { NotStored } from './store-decision.ts'

/** What became of the last response for a key. */
export interface Verdict {
  readonly stored: boolean
  readonly reason: NotStored | undefined
  readonly status: number
  readonly atMs: number
  /** Whether it may not be used without asking once it is stale; if asking fails, the client then gets 504. */
  readonly forbidsStale: boolean
}

/** The last verdicts, in memory of fixed size, for explanations and for some refusals. */
export interface Verdicts {
  note(key: string, hash: number, verdict: Verdict): void
  find(key: string, hash: number): Verdict | undefined
}

const PLACES = 1 << 12
const KEY_CHARACTERS_MAX = 2048

/** Creates {@link Verdicts}. Keys that share a place displace one another. */
export function createVerdicts(): Verdicts {
  const places: ({ readonly key: string; readonly verdict: Verdict } | undefined)[] = []
  return {
    note(key, hash, verdict) {
      if (key.length <= KEY_CHARACTERS_MAX) places[hash & (PLACES - 1)] = { key, verdict }
    },
    find(key, hash) {
      const place = places[hash & (PLACES - 1)]
      return place?.key === key ? place.verdict : undefined
    },
  }
}
