import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { createCache as createCacheManager } from 'cache-manager'
import { Cacheable, createKeyv } from 'cacheable'
import { LRUCache } from 'lru-cache'
import { contentKind, createCache } from '../../src/cache/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createSeededRandom, systemRandom } from '../../src/core/random.ts'
import { quantile } from '../gate/statistics.ts'
import { makeKeys } from './keys.ts'
import type { Options } from './options.ts'
import { createOwnCache, TTL_MS, VALUE } from './own.ts'
import { PEERS } from './peers.ts'
import type { Peer } from './peers.ts'
import type { RedisServer } from './redis.ts'
import { zipf } from './traces.ts'

/** Concurrent readers, each with one call at a time; one call in ten writes. */
export interface InFlightRow {
  readonly cache: string
  readonly readers: number
  readonly perSecond: number
  readonly p50Ns: number
  readonly p95Ns: number
}

/** The cost of a hundred simultaneous calls for one cold key. */
export interface ColdRow {
  readonly cache: string
  readonly loads: number
  /** Time until the last has an answer, as a multiple of one load. */
  readonly loadTimes: number
}

/** Answers from a stale entry while the load takes 50 ms. */
export interface StaleRow {
  readonly cache: string
  readonly p95Ms: number
}

const ENTRIES = 10_000
const READERS = [10, 100] as const
const WRITE_SHARE = 0.1

/** Measures readers in flight, all caches in turn in each round. */
export async function measureInFlight(
  options: Options,
  redis: RedisServer | undefined,
  say: (text: string) => void,
): Promise<InFlightRow[]> {
  const keys = makeKeys(ENTRIES * 10)
  await redis?.flush()
  const world = { keys, capacity: ENTRIES }
  const peers: Peer[] = Object.values(PEERS)
    .map((create) => create(world))
    .filter((peer) => peer.kind === 'async')
  if (redis !== undefined) peers.push(await redis.peer(keys))
  const rows: InFlightRow[] = []
  for (const readers of READERS) {
    say(`readers in flight: ${readers}`)
    const found = peers.map((peer) => ({
      peer,
      perSecond: [] as number[],
      samples: [] as number[],
    }))
    for (const { peer } of found) await readAndWrite(peer, readers, options.sliceMs, keys.length)
    for (let round = 0; round < options.rounds; round++) {
      for (const { peer, perSecond, samples } of found) {
        const result = await readAndWrite(peer, readers, options.sliceMs, keys.length)
        perSecond.push(result.perSecond)
        for (const sample of result.samples) samples.push(sample)
      }
    }
    for (const { peer, perSecond, samples } of found) {
      const sorted = Float64Array.from(samples).sort()
      rows.push({
        cache: peer.name,
        readers,
        perSecond: quantile(Float64Array.from(perSecond).sort(), 0.5),
        p50Ns: quantile(sorted, 0.5),
        p95Ns: quantile(sorted, 0.95),
      })
    }
  }
  for (const peer of peers) await peer.close()
  return rows
}

async function readAndWrite(
  peer: Peer,
  readers: number,
  sliceMs: number,
  keysCount: number,
): Promise<{ readonly perSecond: number; readonly samples: readonly number[] }> {
  if (peer.kind === 'sync') return { perSecond: 0, samples: [] }
  const begin = performance.now()
  const samples: number[] = []
  let calls = 0
  const reader = async (seed: number): Promise<void> => {
    const random = createSeededRandom(seed)
    const draw = drawer(keysCount, random)
    while (performance.now() - begin < sliceMs) {
      const number = draw()
      const isWrite = random.fraction() < WRITE_SHARE
      const start = Bun.nanoseconds()
      await (isWrite ? peer.set(number) : peer.getOrSet(number))
      if (calls++ % 16 === 0) samples.push(Bun.nanoseconds() - start)
    }
  }
  await Promise.all(Array.from({ length: readers }, (_, seed) => reader(seed + 1)))
  return { perSecond: calls / ((performance.now() - begin) / 1000), samples }
}

/** Zipf traces, made in advance, because drawing must not cost more than the cache. */
const TRACE = new Map<number, Int32Array>()
function drawer(keysCount: number, random: { fraction(): number }): () => number {
  let trace = TRACE.get(keysCount)
  if (trace === undefined) {
    trace = Int32Array.from({ length: 2 ** 16 }, zipf(1, keysCount, createSeededRandom(5)))
    TRACE.set(keysCount, trace)
  }
  const known = trace
  let at = Math.floor(random.fraction() * known.length)
  return () => known[(at = (at + 1) % known.length)]!
}

const LOAD_MS = 50
const ASKERS = 100

type Ask = (load: () => Promise<string>) => Promise<unknown>

/** Measures a hundred calls for a cold key whose load takes 50 ms. */
export async function measureCold(rounds: number): Promise<ColdRow[]> {
  const own = createOwnCache(100)
  const store = bentostore().useL1Layer(memoryDriver({ maxItems: 100 }))
  const bento = new BentoCache({ default: 'memory', stores: { memory: store } })
  const cacheable = new Cacheable({ primary: createKeyv({ lruSize: 100 }) })
  const manager = createCacheManager({ stores: [createKeyv({ lruSize: 100 })] })
  let name = 0
  const ask = (start: (key: string) => Ask): (() => Ask) => {
    return () => start(`key ${name++}`)
  }
  const arms: readonly (readonly [string, () => Ask])[] = [
    [
      'tollgate',
      ask((key) => async (load) => {
        const prepared = own.scope.named(key)
        return own.permission.getOrLoad(prepared, async () => ({ value: await load() }))
      }),
    ],
    [
      'lru-cache',
      ask((key) => {
        let current: (() => Promise<string>) | undefined
        const lru = new LRUCache<string, string>({ max: 100, fetchMethod: () => current!() })
        return (load) => {
          current = load
          return lru.fetch(key)
        }
      }),
    ],
    ['bentocache', ask((key) => (load) => bento.getOrSet({ key, factory: load, ttl: TTL_MS }))],
    ['cacheable', ask((key) => (load) => cacheable.getOrSet(key, load, { ttl: TTL_MS }))],
    ['cache-manager', ask((key) => (load) => manager.wrap(key, load, TTL_MS))],
  ]
  const rows: ColdRow[] = []
  for (const [cache, start] of arms) {
    let loads = 0
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      const asking = start()
      const begin = performance.now()
      const load = async (): Promise<string> => {
        loads++
        await Bun.sleep(LOAD_MS)
        return VALUE
      }
      await Promise.all(Array.from({ length: ASKERS }, () => asking(load)))
      times.push((performance.now() - begin) / LOAD_MS)
    }
    const sorted = Float64Array.from(times).sort()
    rows.push({ cache, loads: loads / rounds, loadTimes: quantile(sorted, 0.5) })
  }
  own.cache.close()
  await Promise.all([bento.disconnectAll(), cacheable.disconnect(), manager.disconnect()])
  return rows
}

/** Measures calls for a stale entry while its load takes 50 ms. */
export async function measureStale(reads: number): Promise<StaleRow[]> {
  const cache = createCache({
    clock: systemClock,
    random: systemRandom,
    sweepIntervalMs: 0,
    kinds: {
      page: contentKind<string>({
        name: 'page',
        ttlMs: 1,
        staleWhileRevalidateMs: TTL_MS,
        sizeOf: () => 64,
      }),
    },
  })
  const { page } = cache.kinds
  const key = page.scope('acme', { kind: 'shared' }).key('home')
  const store = bentostore().useL1Layer(memoryDriver({ maxItems: 100 }))
  const bento = new BentoCache({ default: 'memory', stores: { memory: store }, grace: '1h' })
  const load = async (): Promise<string> => {
    await Bun.sleep(LOAD_MS)
    return VALUE
  }
  const arms: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['tollgate', async () => page.getOrLoad(key, async () => ({ value: await load() }))],
    [
      'bentocache (grace, timeout 0)',
      () => bento.getOrSet({ key: 'home', factory: load, ttl: 1, grace: '1h', timeout: 0 }),
    ],
  ]
  const rows: StaleRow[] = []
  for (const [name, ask] of arms) {
    await ask()
    const samples = new Float64Array(reads)
    for (let at = 0; at < reads; at++) {
      await Bun.sleep(3)
      const begin = performance.now()
      await ask()
      samples[at] = performance.now() - begin
    }
    rows.push({ cache: name, p95Ms: quantile(samples.sort(), 0.95) })
  }
  await Bun.sleep(LOAD_MS * 2)
  cache.close()
  await bento.disconnectAll()
  return rows
}
