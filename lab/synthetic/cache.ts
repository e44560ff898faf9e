import type { SyntheticCacheOptions } from './options.ts'

/** What the cache answers with. */
export interface CacheAnswer {
  readonly body: string
  readonly outcome: 'hit' | 'miss'
  readonly ageMs: number
}

/** A cache whose every decision is known. */
export interface SyntheticCache {
  get(key: string, caller: string, nowMs: number): Promise<CacheAnswer>
  readonly originFetches: number
  readonly hits: number
  clear(): void
}

interface Entry {
  readonly body: string
  readonly storedMs: number
}

/** @param fetchOrigin - Waits as long as the origin takes. */
export function createSyntheticCache(
  options: SyntheticCacheOptions,
  fetchOrigin: () => Promise<void>,
): SyntheticCache {
  // A map remembers the order of insertion: the first is the one used longest ago.
  const entries = new Map<string, Entry>()
  const underWay = new Map<string, Promise<Entry>>()
  let originFetches = 0
  let hits = 0
  const fetchEntry = async (
    id: string,
    key: string,
    caller: string,
    nowMs: number,
  ): Promise<Entry> => {
    originFetches += 1
    await fetchOrigin()
    const entry = { body: `key=${key} caller=${caller}\n`, storedMs: nowMs }
    entries.delete(id)
    entries.set(id, entry)
    if (entries.size > options.entriesMax) entries.delete(entries.keys().next().value!)
    return entry
  }
  const fetchOnce = async (
    id: string,
    key: string,
    caller: string,
    nowMs: number,
  ): Promise<Entry> => {
    const running = options.coalesces ? underWay.get(id) : undefined
    if (running !== undefined) return running
    const fetching = fetchEntry(id, key, caller, nowMs)
    underWay.set(id, fetching)
    try {
      return await fetching
    } finally {
      underWay.delete(id)
    }
  }
  return {
    get originFetches() {
      return originFetches
    },
    get hits() {
      return hits
    },
    clear: () => entries.clear(),
    async get(key, caller, nowMs) {
      const id = options.isolatesCallers ? `${caller.length}:${caller}:${key}` : key
      const entry = entries.get(id)
      if (entry !== undefined && nowMs - entry.storedMs < options.ttlMs) {
        entries.delete(id)
        entries.set(id, entry)
        hits += 1
        return { body: entry.body, outcome: 'hit', ageMs: nowMs - entry.storedMs }
      }
      const fetched = await fetchOnce(id, key, caller, nowMs)
      return { body: fetched.body, outcome: 'miss', ageMs: 0 }
    },
  }
}
