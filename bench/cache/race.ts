import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { createCache as createCacheManager } from 'cache-manager'
import { Cacheable, createKeyv } from 'cacheable'
import { LRUCache } from 'lru-cache'
import { createOwnCache, TTL_MS } from './own.ts'
import type { RedisServer } from './redis.ts'

/** What callers got of permissions that were revoked while they were loaded. */
export interface RaceRow {
  readonly cache: string
  readonly by: 'key' | 'tag'
  readonly rounds: number
  /** ALLOW answers to calls made after the revocation, while the load still ran; tried in half of the rounds. */
  readonly staleJoined: number
  /** ALLOW answers to calls made after the load had ended, which means that the stale value was stored. */
  readonly staleKept: number
}

type Answer = 'allow' | 'deny' | undefined

/** A cache as the race drives it. */
interface Racer {
  readonly cache: string
  readonly by: 'key' | 'tag'
  ask(key: string, load: () => Promise<string>): Promise<Answer>
  invalidate(key: string): Promise<unknown>
  close(): Promise<unknown>
}

const CAPACITY = 1000
const KEYS = 100
/** How long a load goes on after the revocation. */
const AFTER_MS = 2

/**
 * Runs the same program against each cache. In each round, a caller asks; the load reads ALLOW and is
 * still under way when the permission is revoked and the key or tag invalidated, which is awaited. The
 * load ends two milliseconds later. In every second round, another caller asks in between. When all have
 * their answers, a last caller asks. Rounds over different keys run concurrently.
 */
export async function runRaces(
  rounds: number,
  redis: RedisServer | undefined,
  say: (text: string) => void,
): Promise<RaceRow[]> {
  const rows: RaceRow[] = []
  for (const create of RACERS) rows.push(await race(create(), rounds, say))
  if (redis !== undefined) rows.push(await race(await redisRacer(redis), rounds, say))
  return rows
}

async function race(racer: Racer, rounds: number, say: (text: string) => void): Promise<RaceRow> {
  say(`race: ${racer.cache}, by ${racer.by}`)
  const stale = { joined: 0, kept: 0 }
  for (let done = 0; done < rounds; done += KEYS) {
    const batch = Math.min(KEYS, rounds - done)
    await Promise.all(
      Array.from({ length: batch }, (_, at) => raceOnce(racer, `key ${at}`, at % 2 === 0, stale)),
    )
  }
  await racer.close()
  const { cache, by } = racer
  return { cache, by, rounds, staleJoined: stale.joined, staleKept: stale.kept }
}

async function raceOnce(
  racer: Racer,
  key: string,
  isJoined: boolean,
  stale: { joined: number; kept: number },
): Promise<void> {
  const truth = { value: 'allow' }
  const [begun, finished] = [createSignal(), createSignal()]
  const load = async (): Promise<string> => {
    const { value } = truth
    begun.give()
    await finished.given
    return value
  }
  // A library that ends a load with an error has not allowed anything.
  const ask = (): Promise<Answer> => racer.ask(key, load).catch(() => undefined)
  const first = ask()
  await begun.given
  truth.value = 'deny'
  await racer.invalidate(key)
  const second = isJoined ? ask() : undefined
  await Bun.sleep(AFTER_MS)
  finished.give()
  await first
  if ((await second) === 'allow') stale.joined++
  if ((await ask()) === 'allow') stale.kept++
  await racer.invalidate(key)
}

function createSignal(): { readonly given: Promise<void>; give(): void } {
  let give!: () => void
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

const RACERS: readonly (() => Racer)[] = [
  () => ownRacer('key'),
  () => ownRacer('tag'),
  lruRacer,
  () => bentoRacer('key'),
  () => bentoRacer('tag'),
  () => cacheableRacer('key'),
  () => cacheableRacer('tag'),
  managerRacer,
]

function ownRacer(by: 'key' | 'tag'): Racer {
  const { cache, permission, scope } = createOwnCache(CAPACITY)
  return {
    cache: 'tollgate',
    by,
    async ask(key, load) {
      const loaded = async () => ({ value: await load(), tags: [key] })
      return (await permission.getOrLoad(scope.key(key), loaded)) as Answer
    },
    invalidate: (key) =>
      cache.invalidate(
        by === 'tag' ? { kind: 'tag', name: key } : { kind: 'key', name: scope.key(key).text },
      ),
    close: async () => cache.close(),
  }
}

function lruRacer(): Racer {
  const loads = new Map<string, () => Promise<string>>()
  const lru = new LRUCache<string, string>({
    max: CAPACITY,
    ttl: TTL_MS,
    fetchMethod: (key) => loads.get(key)!(),
  })
  return {
    cache: 'lru-cache fetch',
    by: 'key',
    async ask(key, load) {
      loads.set(key, load)
      return (await lru.fetch(key)) as Answer
    },
    invalidate: async (key) => lru.delete(key),
    close: async () => lru.clear(),
  }
}

function bentoRacer(by: 'key' | 'tag'): Racer {
  const store = bentostore().useL1Layer(memoryDriver({ maxItems: CAPACITY }))
  const bento = new BentoCache({ default: 'memory', stores: { memory: store }, ttl: TTL_MS })
  return {
    cache: 'bentocache',
    by,
    ask: async (key, factory) => (await bento.getOrSet({ key, factory, tags: [key] })) as Answer,
    invalidate: (key) =>
      by === 'key' ? bento.delete({ key }) : bento.deleteByTag({ tags: [key] }),
    close: () => bento.disconnectAll(),
  }
}

function cacheableRacer(by: 'key' | 'tag'): Racer {
  const cacheable = new Cacheable({
    primary: createKeyv({ lruSize: CAPACITY }),
    ttl: TTL_MS,
    tags: true,
  })
  return {
    cache: 'cacheable',
    by,
    async ask(key, load) {
      if (by === 'key') return (await cacheable.getOrSet(key, load, { ttl: TTL_MS })) as Answer
      // `getOrSet` takes no tags, so they are given as its documentation does: with `set`.
      const held = await cacheable.get<string>(key)
      if (held !== undefined) return held as Answer
      const value = await load()
      await cacheable.set(key, value, { ttl: TTL_MS, tags: [key] })
      return value as Answer
    },
    invalidate: (key) => (by === 'key' ? cacheable.delete(key) : cacheable.tags.invalidateTag(key)),
    close: () => cacheable.disconnect(),
  }
}

function managerRacer(): Racer {
  const manager = createCacheManager({ stores: [createKeyv({ lruSize: CAPACITY })], ttl: TTL_MS })
  return {
    cache: 'cache-manager',
    by: 'key',
    ask: async (key, load) => (await manager.wrap(key, load)) as Answer,
    invalidate: (key) => manager.del(key),
    close: () => manager.disconnect(),
  }
}

/** Redis as it is mostly used: get, load, set. */
async function redisRacer(redis: RedisServer): Promise<Racer> {
  await redis.flush()
  const commands = await redis.commands()
  return {
    cache: 'Redis: get, load, set',
    by: 'key',
    async ask(key, load) {
      const held = await commands.get(key)
      if (held !== null) return held as Answer
      const value = await load()
      await commands.set(key, value)
      return value as Answer
    },
    invalidate: (key) => commands.del(key),
    close: () => commands.close(),
  }
}
