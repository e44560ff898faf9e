import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { createCache as createCacheManager } from 'cache-manager'
import { Cacheable, createKeyv } from 'cacheable'
import { LRUCache } from 'lru-cache'
import { createOwnCache, ENTRY_SIZE, getOrSet, TTL_MS, VALUE } from './own.ts'

/** A cache that answers synchronously. Keys are indexes of prepared keys. */
export interface SyncPeer {
  readonly name: string
  readonly kind: 'sync'
  get(number: number, nowMs: number): boolean
  set(number: number): void
  getOrSet(number: number, nowMs: number): boolean
  close(): Promise<void>
}

/** A cache that answers with a promise. */
export interface AsyncPeer {
  readonly name: string
  readonly kind: 'async'
  get(number: number): Promise<boolean>
  set(number: number): Promise<void>
  /** Uses the cache's own way of loading missing keys, if it has one. */
  getOrSet(number: number): Promise<void>
  close(): Promise<void>
}

export type Peer = SyncPeer | AsyncPeer

/** What a peer needs: keys of 64 characters, made in advance, and how many entries it may hold. */
export interface PeerWorld {
  readonly keys: readonly string[]
  readonly capacity: number
}

/** The caches in this process, by name. */
export const PEERS: Readonly<Record<string, (world: PeerWorld) => Peer>> = {
  tollgate: createOwnPeer,
  'tollgate getOrLoad': createOwnAsyncPeer,
  'lru-cache': createLruPeer,
  bentocache: createBentoPeer,
  cacheable: createCacheablePeer,
  'cache-manager': createCacheManagerPeer,
}

const nothing = (): Promise<void> => Promise.resolve()

function createOwnPeer({ keys, capacity }: PeerWorld): SyncPeer {
  const own = createOwnCache(capacity)
  const { permission, scope, cache } = own
  const prepared = keys.map((key) => scope.named(key))
  return {
    name: 'tollgate',
    kind: 'sync',
    get: (number, nowMs) => permission.peek(prepared[number]!, nowMs) !== undefined,
    set: (number) => void permission.put(prepared[number]!, { value: VALUE }, cache.position()),
    getOrSet: (number, nowMs) => getOrSet(own, permission, prepared[number]!, nowMs),
    close: async () => cache.close(),
  }
}

function createOwnAsyncPeer({ keys, capacity }: PeerWorld): AsyncPeer {
  const { permission, scope, cache } = createOwnCache(capacity)
  const prepared = keys.map((key) => scope.named(key))
  return {
    name: 'tollgate getOrLoad',
    kind: 'async',
    get: async (number) => permission.peek(prepared[number]!) !== undefined,
    async set(number) {
      permission.put(prepared[number]!, { value: VALUE }, cache.position())
    },
    async getOrSet(number) {
      await permission.getOrLoad(prepared[number]!, () => ({ value: VALUE }))
    },
    close: async () => cache.close(),
  }
}

function createLruPeer({ keys, capacity }: PeerWorld): SyncPeer {
  const lru = new LRUCache<string, string>({ max: capacity, maxSize: 2 ** 31, ttl: TTL_MS })
  const set = (number: number): void => {
    lru.set(keys[number]!, VALUE, { size: ENTRY_SIZE })
  }
  return {
    name: 'lru-cache',
    kind: 'sync',
    get: (number) => lru.get(keys[number]!) !== undefined,
    set,
    getOrSet(number) {
      if (lru.get(keys[number]!) !== undefined) return true
      set(number)
      return false
    },
    close: nothing,
  }
}

function createBentoPeer({ keys, capacity }: PeerWorld): AsyncPeer {
  const store = bentostore().useL1Layer(memoryDriver({ maxItems: capacity }))
  const bento = new BentoCache({ default: 'memory', stores: { memory: store }, ttl: TTL_MS })
  return {
    name: 'bentocache',
    kind: 'async',
    get: async (number) => (await bento.get({ key: keys[number]! })) !== undefined,
    async set(number) {
      await bento.set({ key: keys[number]!, value: VALUE })
    },
    async getOrSet(number) {
      await bento.getOrSet({ key: keys[number]!, factory: () => VALUE })
    },
    close: () => bento.disconnectAll(),
  }
}

function createCacheablePeer({ keys, capacity }: PeerWorld): AsyncPeer {
  const primary = createKeyv({ ttl: TTL_MS, lruSize: capacity, checkInterval: 0 })
  const cacheable = new Cacheable({ primary, ttl: TTL_MS })
  return {
    name: 'cacheable',
    kind: 'async',
    get: async (number) => (await cacheable.get(keys[number]!)) !== undefined,
    async set(number) {
      await cacheable.set(keys[number]!, VALUE, TTL_MS)
    },
    async getOrSet(number) {
      await cacheable.getOrSet(keys[number]!, async () => VALUE, { ttl: TTL_MS })
    },
    close: () => cacheable.disconnect(),
  }
}

function createCacheManagerPeer({ keys, capacity }: PeerWorld): AsyncPeer {
  const stores = [createKeyv({ ttl: TTL_MS, lruSize: capacity, checkInterval: 0 })]
  const manager = createCacheManager({ stores, ttl: TTL_MS })
  return {
    name: 'cache-manager',
    kind: 'async',
    get: async (number) => (await manager.get(keys[number]!)) !== undefined,
    async set(number) {
      await manager.set(keys[number]!, VALUE)
    },
    async getOrSet(number) {
      await manager.wrap(keys[number]!, async () => VALUE)
    },
    async close() {
      await manager.disconnect()
    },
  }
}
