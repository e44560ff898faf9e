import { LRUCache } from 'lru-cache'
import { createSeededRandom } from '../../src/core/random.ts'
import { beladyHits } from './belady.ts'
import type { Options } from './options.ts'
import { createOwnCache, ENTRY_SIZE, getOrSet, TTL_MS } from './own.ts'
import type { Trace } from './traces.ts'
import { TRACES } from './traces.ts'

/** Hit ratios of one trace at one capacity. */
export interface HitRow {
  readonly trace: string
  readonly capacity: number
  readonly tollgate: number
  readonly lruCache: number
  readonly best: number
}

const KEYS = 100_000
const CAPACITIES = [1000, 10_000] as const

/** Replays each trace through our cache, `lru-cache` and one that knows the future. */
export function measureHits({ isQuick }: Options, say: (text: string) => void): HitRow[] {
  const length = isQuick ? 500_000 : 1_000_000
  const rows: HitRow[] = []
  for (const kind of TRACES) {
    say(`hit ratio: ${kind.name}`)
    const trace = kind.make(length, KEYS, createSeededRandom(1))
    for (const capacity of CAPACITIES) {
      rows.push({
        trace: kind.name,
        capacity,
        tollgate: ownHits(trace, capacity),
        lruCache: lruHits(trace, capacity),
        best: beladyHits(trace, capacity),
      })
    }
  }
  return rows
}

function ownHits(trace: Trace, capacity: number): number {
  const own = createOwnCache(capacity)
  let hits = 0
  for (const number of trace) {
    if (getOrSet(own, own.permission, own.scope.key(number), 0)) hits++
  }
  return hits / trace.length
}

function lruHits(trace: Trace, capacity: number): number {
  const lru = new LRUCache<string, true>({ max: capacity, maxSize: 2 ** 31, ttl: TTL_MS })
  let hits = 0
  for (const number of trace) {
    const key = String(number)
    if (lru.get(key) === true) hits++
    else lru.set(key, true, { size: ENTRY_SIZE })
  }
  return hits / trace.length
}
