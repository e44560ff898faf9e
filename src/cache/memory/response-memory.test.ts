import type { ManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import type {
  EntryMeta,
  Level,
  LevelAnswer,
  LevelFence,
  LevelOutcome,
  StoredEntry,
} from '../contract.ts'
import { createEpochTable } from '../epochs/epoch-table.ts'
import { createResponseStore } from '../http/response-store.ts'
import type { StoredResponse } from '../http/stored-response.ts'
import type { Variants } from '../http/variants.ts'
import { describeLevel } from '../levels/contract/level.ts'
import { createCounts } from '../levels/counts.ts'
import { namesOf } from '../levels/names-of.ts'
import { createTextHash } from '../text-hash.ts'
import { Pool } from './pool.ts'
import { textPool } from './text-pool.ts'

/**
 * Memory is not a `Level`: it is synchronous, and holds values unchanged. But it makes the same promises, which are
 * tested here: pool, epochs and store, combined as in the gate, are presented as a level. Its fence is a position of
 * the epochs.
 */
function memoryAsLevel(clock: ManualClock): Level {
  const random = createSeededRandom(5)
  const epochs = createEpochTable(random)
  const limits = { entriesMax: 1000, bytesMax: 1_048_576, tenantShareMax: 0.5 }
  const pool = textPool(new Pool(limits, 1, epochs))
  const store = createResponseStore({ pool, epochs, hash: createTextHash(random), clock })
  const metas = new WeakMap<Variants, EntryMeta>()
  const counts = createCounts()
  let isOpen = true
  const closed = { state: 'unavailable', reason: 'closed' } as const
  const get = (key: string): LevelAnswer => {
    if (!isOpen) return closed
    const fence = String(store.position())
    const variants = store.get(key, store.hash(key))
    const meta = variants && metas.get(variants)
    counts[meta === undefined ? 'misses' : 'hits'] += 1
    if (variants === undefined || meta === undefined) return { state: 'miss', fence }
    return { state: 'hit', entry: { meta, body: variants.list[0]?.body ?? NOTHING }, fence }
  }
  const set = (key: string, { meta, body }: StoredEntry, fence: LevelFence): LevelOutcome => {
    const since = /^\d{1,8}$/.test(fence) ? Number(fence) : Number.NaN
    const keepMs = meta.expiresMs - clock.nowMs()
    if (!isOpen || !(since <= store.position()) || keepMs <= 0) return 'refused'
    const variants = { list: [responseOf(body)] }
    metas.set(variants, meta)
    const facts = { tenant: meta.tenant, names: namesOf(key, meta), since, keepMs }
    const outcome = store.put(key, store.hash(key), variants, facts)
    counts[outcome === 'overtaken' ? 'fenced' : 'stores'] += 1
    return outcome === 'overtaken' ? 'fenced' : outcome
  }
  return {
    name: 'memory',
    get: async (key) => get(key),
    getMany: async (keys) => keys.map(get),
    set: async (key, entry, fence) => set(key, entry, fence),
    delete: async (key) => store.forget(key, store.hash(key), { list: [] }),
    invalidate: async (name) => store.invalidate(name),
    stats: () => ({ ...counts, ...store.stats() }),
    close: async () => {
      isOpen = false
    },
  }
}

const NOTHING = new Uint8Array()

const responseOf = (body: Uint8Array): StoredResponse => ({
  status: 200,
  fields: [],
  body,
  terms: {
    lifetimeMs: 60_000,
    ageMs: 0,
    storedMs: 0,
    alwaysAsk: false,
    neverStale: false,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    disconnectedMs: 0,
  },
  varyNames: [],
  selecting: [],
  tagIsMade: false,
  surrogates: [],
  mayCode: false,
  coded: {},
})

describeLevel('memory', async (clock) => ({
  level: memoryAsLevel(clock),
  end: async () => undefined,
}))
