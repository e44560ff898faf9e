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
  const entries = new RecentEntries(options.entriesMax)
  const underWay = new Map<string, Promise<Entry>>()
  let originFetches = 0
  let hits = 0
  const fetchEntry = async (id: string, body: string, nowMs: number): Promise<Entry> => {
    originFetches += 1
    await fetchOrigin()
    const entry = { body, storedMs: nowMs }
    entries.use(id, entry)
    return entry
  }
  const fetchOnce = async (id: string, body: string, nowMs: number): Promise<Entry> => {
    const running = options.coalesces ? underWay.get(id) : undefined
    if (running !== undefined) return running
    const fetching = fetchEntry(id, body, nowMs)
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
        entries.use(id, entry)
        hits += 1
        return { body: entry.body, outcome: 'hit', ageMs: nowMs - entry.storedMs }
      }
      const fetched = await fetchOnce(id, `key=${key} caller=${caller}\n`, nowMs)
      return { body: fetched.body, outcome: 'miss', ageMs: 0 }
    },
  }
}

/** As many entries as fit; the least recently used is evicted. */
class RecentEntries {
  // A map keeps insertion order, so its first entry is the least recently used.
  readonly #entries = new Map<string, Entry>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id)
  }

  /** Stores an entry, or stores it again, as the most recently used. */
  use(id: string, entry: Entry): void {
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!)
  }

  clear(): void {
    this.#entries.clear()
  }
}
