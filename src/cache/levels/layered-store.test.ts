import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync } from 'node:fs'
import { utf8 } from '../../core/bytes.ts'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import { makeFolder } from '../../storage/contract/folder.ts'
import { openRedis, openRedisStream, STREAM_DEFAULTS } from '../../storage/index.ts'
import type { RedisServer } from '../../storage/redis/redis-server.fixture.ts'
import {
  hasRedisServer,
  startRedisServer,
  until,
} from '../../storage/redis/redis-server.fixture.ts'
import { createInvalidationBus } from '../bus/invalidation-bus.ts'
import { openDiskLevel } from '../disk/disk-level.ts'
import { createEpochTable } from '../epochs/epoch-table.ts'
import { createResponseStore } from '../http/response-store.ts'
import type { StoredResponse } from '../http/stored-response.ts'
import { Pool } from '../memory/pool.ts'
import { textPool } from '../memory/text-pool.ts'
import { createRedisLevel } from '../redis/redis-level.ts'
import { createTextHash } from '../text-hash.ts'
import type { FencedLevel, LayeredStore } from './layered-store.ts'
import { createLayeredStore } from './layered-store.ts'

/** What was forgotten does not come back from disk or Redis, whatever becomes of them meanwhile. */

const KEY = 'the key'
const KEEP_MS = 60_000
const POOL = { entriesMax: 100, bytesMax: 1_048_576, tenantShareMax: 1 }

const stored = (language: string): StoredResponse => ({
  status: 200,
  fields: [['content-language', language]],
  body: utf8(`in ${language}`),
  terms: {
    storedMs: systemClock.nowMs(),
    ageMs: 0,
    lifetimeMs: KEEP_MS,
    alwaysAsk: false,
    neverStale: false,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    disconnectedMs: 0,
  },
  varyNames: ['accept-language'],
  selecting: [language],
  tagIsMade: false,
  surrogates: [],
  mayCode: false,
  coded: {},
})
const BOTH = { list: [stored('de'), stored('en')] }
const NONE = { list: [] }
const ONE = { list: BOTH.list.slice(0, 1) }

function storeOn(...levels: FencedLevel[]): LayeredStore {
  const epochs = createEpochTable(systemRandom)
  const memory = createResponseStore({
    pool: textPool(new Pool(POOL, 1, epochs)),
    epochs,
    hash: createTextHash(systemRandom),
    clock: systemClock,
  })
  const onError = (error: unknown): never => {
    throw error
  }
  return createLayeredStore({ memory, levels, clock: systemClock, onError })
}

function put(store: LayeredStore, key = KEY): void {
  const facts = { tenant: '', names: [], since: store.position(), keepMs: KEEP_MS }
  expect(store.put(key, store.hash(key), BOTH, facts)).toBe('stored')
}

const restored = async (store: LayeredStore, key = KEY): Promise<number> => {
  await store.restore(key, store.hash(key))
  return store.get(key, store.hash(key))?.list.length ?? 0
}

describe('on disk', () => {
  test.each([
    ['all variants', NONE],
    ['one of two variants', ONE],
  ])('%s that were forgotten are gone after kill -9', async (_, others) => {
    const folders = [makeFolder(), makeFolder()] as const
    const open = async (folder: string) =>
      openDiskLevel({
        folder,
        bytesMax: 1_048_576,
        entryBytesMax: 65_536,
        accepts: () => true,
        clock: systemClock,
        random: systemRandom,
        bootId: 'boot',
      })
    const disk = await open(folders[0].path)
    const store = storeOn(disk)
    put(store)
    await until(() => disk.stats().stores === 1, 'the entry on disk')
    expect(await restored(storeOn(disk))).toBe(2)
    store.forget(KEY, store.hash(KEY), others)
    await store.settled()
    expect(store.get(KEY, store.hash(KEY))?.list.length ?? 0).toBe(others.list.length)
    // What lies there now is what a process that is killed leaves.
    cpSync(folders[0].path, folders[1].path, { recursive: true })
    const after = await open(folders[1].path)
    expect(await restored(storeOn(after))).toBe(0)
    for (const level of [disk, after]) await level.close()
    for (const folder of folders) folder.remove()
  })
})

describe.skipIf(!hasRedisServer)('in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(async () => server.end())

  let names = 0
  const newName = (): string => `layered-${(names += 1)}`

  async function startInstance(prefix: string, timeoutMs = 5000) {
    const redis = await openRedis(
      { ...server.options(), prefix, timeoutMs },
      { clock: systemClock },
    )
    const stream = openRedisStream({
      ...STREAM_DEFAULTS,
      silenceMs: 2000,
      redis,
      clock: systemClock,
      random: systemRandom,
      name: 'bus',
    })
    const bus = createInvalidationBus(stream, systemRandom)
    const level = createRedisLevel({ redis, clock: systemClock, bus, entryBytesMax: 65_536 })
    const store = storeOn(level)
    bus.start({ apply: store.apply, distrust: () => undefined, trust: () => undefined })
    await until(() => bus.isTrusted(), 'being up to date')
    return {
      store,
      redis,
      stream,
      level,
      isKept: async () => until(() => level.stats().stores === 1, 'the entry in Redis'),
      async end() {
        store.close()
        await level.close()
        bus.close()
        await stream.close()
        await redis.close()
      },
    }
  }

  test('what one instance forgot of a key, no other finds there', async () => {
    const name = newName()
    const [one, two] = [await startInstance(name), await startInstance(name)]
    put(one.store)
    await one.isKept()
    expect(await restored(two.store)).toBe(2)
    one.store.forget(KEY, one.store.hash(KEY), ONE)
    await one.store.settled()
    const three = await startInstance(name)
    expect(await restored(three.store)).toBe(0)
    expect(await restored(one.store)).toBe(1)
    for (const each of [one, two, three]) await each.end()
  })

  test('a deletion that Redis never got holds, here at once and elsewhere once it answers', async () => {
    const name = newName()
    const [one, two] = [await startInstance(name, 40), await startInstance(name)]
    put(one.store)
    await one.isKept()
    server.freeze()
    // Until commands are refused at once, and not sent.
    await until(async () => {
      await one.level.get('another')
      return one.redis.stats().openBreakers > 0
    }, 'the breaker')
    one.store.forget(KEY, one.store.hash(KEY), NONE)
    await one.store.settled()
    server.thaw()
    await until(async () => (await one.level.get('another')).state === 'miss', 'an answer')
    expect(await restored(one.store)).toBe(0)
    await until(() => two.stream.stats().heard > 0, 'the word of it')
    expect(await server.command('EXISTS', `${name}:c:${KEY.length}:${KEY}`)).toBe(1)
    expect(await restored(two.store)).toBe(0)
    const three = await startInstance(name)
    expect(await restored(three.store)).toBe(0)
    // What is stored from now on is believed again.
    put(one.store)
    await until(() => one.level.stats().stores === 2, 'the new entry in Redis')
    expect(await restored(three.store)).toBe(2)
    for (const each of [one, two, three]) await each.end()
  }, 20_000)

  test('what is forgotten while it is being restored stays forgotten', async () => {
    const name = newName()
    const [one, two] = [await startInstance(name), await startInstance(name)]
    put(one.store)
    await one.isKept()
    server.freeze()
    const restoring = two.store.restore(KEY, two.store.hash(KEY))
    two.store.forget(KEY, two.store.hash(KEY), NONE)
    server.thaw()
    expect(await restoring).toBe(false)
    expect(two.store.get(KEY, two.store.hash(KEY))).toBeUndefined()
    for (const each of [one, two]) await each.end()
  })
})
