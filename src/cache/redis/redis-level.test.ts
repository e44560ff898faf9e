import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Clock, ManualClock } from '../../core/clock.ts'
import { createManualClock, systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import type { RedisOptions } from '../../storage/index.ts'
import { openRedis, openRedisStream, STREAM_DEFAULTS } from '../../storage/index.ts'
import {
  hasRedisServer,
  startRedisCluster,
  startRedisServer,
  until,
} from '../../storage/redis/redis-server.fixture.ts'
import type { InvalidationBus } from '../bus/invalidation-bus.ts'
import { createInvalidationBus } from '../bus/invalidation-bus.ts'
import { createCache } from '../cache.ts'
import type { Level } from '../contract.ts'
import { contentKind } from '../kinds/kind.ts'
import { describeLevel, entryOf, fenceOf, put } from '../levels/contract/level.ts'
import { createRedisLevel } from './redis-level.ts'

const textCodec = {
  encode: (text: string) => new TextEncoder().encode(text),
  decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
}

interface Instance {
  readonly level: Level
  readonly bus: InvalidationBus
  readonly isLive: () => boolean
  readonly end: () => Promise<void>
}

let names = 0

async function startInstance(
  options: RedisOptions,
  clock: Clock = systemClock,
  name = `level-${(names += 1)}`,
): Promise<Instance> {
  const redis = await openRedis({ ...options, prefix: name }, { clock: systemClock })
  const stream = openRedisStream({
    ...STREAM_DEFAULTS,
    // Longer than a process has no turn on a busy machine.
    silenceMs: 2000,
    redis,
    clock: systemClock,
    random: systemRandom,
    name,
  })
  const bus = createInvalidationBus(stream, systemRandom)
  const level = createRedisLevel({ redis, clock, bus, entryBytesMax: 1_048_576 })
  await until(() => bus.isTrusted(), 'being up to date')
  return {
    level,
    bus,
    isLive: () => stream.isLive(),
    async end() {
      await level.close()
      bus.close()
      await stream.close()
      await redis.close()
    },
  }
}

/** Shared time is measured with a clock that runs; the wall clock is the test's. */
const withWall = (wall: ManualClock): Clock => ({
  nowMs: () => wall.nowMs(),
  monotonicMs: () => wall.monotonicMs(),
})

describe.skipIf(!hasRedisServer)('on a real server', () => {
  let server: Awaited<ReturnType<typeof startRedisServer>>
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(async () => server.end())
  describeLevel('Redis', async (clock) => startInstance(server.options(), withWall(clock)))
})

describe.skipIf(!hasRedisServer)('on a real Cluster', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>
  beforeAll(async () => {
    cluster = await startRedisCluster()
  }, 20_000)
  afterAll(async () => cluster.end())
  describeLevel('Redis Cluster', async (clock) => startInstance(cluster.options(), withWall(clock)))

  test('follows a slot that moves to another node, entries and stream alike', async () => {
    const one = await startInstance(cluster.options({ cooldownMs: 50 }))
    const two = await startInstance(
      cluster.options({ cooldownMs: 50 }),
      systemClock,
      `level-${names}`,
    )
    const keys = Array.from({ length: 40 }, (_, at) => `key ${at}`)
    // Redis may be unavailable for a moment, and says so; nothing else keeps an entry from being stored.
    const fill = async (value: string): Promise<void> => {
      for (const key of keys) {
        await until(async () => {
          const answer = await one.level.get(key)
          if (answer.state === 'unavailable') return false
          const entry = entryOf(systemClock, value, { tags: ['t'] })
          const outcome = await one.level.set(key, entry, answer.fence)
          if (outcome !== 'unavailable') expect(outcome).toBe('stored')
          return outcome === 'stored'
        }, `"${value}" in "${key}"`)
      }
    }
    await fill('before')
    const first = cluster.servers[0]!
    const [from, to] = await Promise.all(
      cluster.servers
        .slice(0, 2)
        .map(async (server) => String(await server.command('CLUSTER', 'MYID'))),
    )
    // All slots of the first node that hold something, the stream's perhaps among them, go to the second.
    const slots = new Set<number>()
    for (const key of (await first.command('KEYS', '*')) as string[]) {
      slots.add(Number(await first.command('CLUSTER', 'KEYSLOT', key)))
    }
    expect(slots.size).toBeGreaterThan(3)
    for (const slot of slots) {
      for (const server of cluster.servers) {
        const role = server === cluster.servers[1] ? ['IMPORTING', from] : ['MIGRATING', to]
        if (server !== cluster.servers[2]) {
          await server.command('CLUSTER', 'SETSLOT', String(slot), role[0]!, role[1]!)
        }
      }
      const moved = (await first.command(
        'CLUSTER',
        'GETKEYSINSLOT',
        String(slot),
        '1000',
      )) as string[]
      const target = ['127.0.0.1', String(cluster.servers[1]!.port)]
      await first.command('MIGRATE', ...target, '', '0', '5000', 'KEYS', ...moved)
      for (const server of [cluster.servers[1]!, first, cluster.servers[2]!]) {
        await server.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', to!)
      }
    }
    const areAll = async (state: 'hit' | 'miss'): Promise<boolean> =>
      (await two.level.getMany(keys)).every((answer) => answer.state === state)
    await until(async () => areAll('hit'), 'all that was stored before')
    await until(() => one.isLive() && two.isLive(), 'both hearing again')
    const before = one.bus.history.position()
    const hasHeard = ({ bus }: Instance): boolean =>
      bus.history.position() !== undefined && bus.history.position() !== before
    await one.bus.publish({ kind: 'tag', name: 't' })
    // The publisher too: until it has heard its own word, what it reads counts as read before.
    await until(() => hasHeard(one) && hasHeard(two), 'word of the invalidation')
    await until(async () => areAll('miss'), 'an end of what was stored before')
    await fill('after')
    await until(async () => areAll('hit'), 'what was stored after')
    await one.end()
    await two.end()
  }, 30_000)
})

describe.skipIf(!hasRedisServer)('a level in Redis', () => {
  let server: Awaited<ReturnType<typeof startRedisServer>>
  let name: string
  beforeAll(async () => {
    server = await startRedisServer()
  })
  beforeEach(() => {
    name = `shared-${(names += 1)}`
  })
  afterAll(async () => server.end())

  const hit = async (level: Level, key = 'k'): Promise<string> => {
    const answer = await level.get(key)
    return answer.state === 'hit' ? new TextDecoder().decode(answer.entry.body) : answer.state
  }

  test('is shared, and what one instance invalidates no other one believes', async () => {
    const one = await startInstance(server.options(), systemClock, name)
    const two = await startInstance(server.options(), systemClock, name)
    await put(one.level, 'k', entryOf(systemClock, 'v1', { tags: ['t'] }))
    expect(await hit(two.level)).toBe('v1')
    const stale = fenceOf(await two.level.get('k'))
    await one.bus.publish({ kind: 'tag', name: 't' })
    expect(await hit(one.level)).toBe('miss')
    await until(async () => (await hit(two.level)) === 'miss')
    // The second stores what it read before; nobody believes it, not even one who starts afterwards.
    await two.level.set('k', entryOf(systemClock, 'v1', { tags: ['t'] }), stale)
    expect(await hit(one.level)).toBe('miss')
    const three = await startInstance(server.options(), systemClock, name)
    expect(await hit(three.level)).toBe('miss')
    await put(three.level, 'k', entryOf(systemClock, 'v2', { tags: ['t'] }))
    await until(async () => (await hit(one.level)) === 'v2')
    await Promise.all([one, two, three].map(async (instance) => instance.end()))
  })

  test('is warm for an instance that starts later, as far as invalidations are remembered', async () => {
    const one = await startInstance(server.options(), systemClock, name)
    await put(one.level, 'k', entryOf(systemClock, 'v1'))
    await one.bus.publish({ kind: 'tag', name: 'other' })
    const two = await startInstance(server.options(), systemClock, name)
    expect(await hit(two.level)).toBe('v1')
    await server.command('XTRIM', `${name}:{${name}}:stream`, 'MAXLEN', '0')
    const three = await startInstance(server.options(), systemClock, name)
    expect(await hit(three.level)).toBe('miss')
    await Promise.all([one, two, three].map(async (instance) => instance.end()))
  })

  test('does not believe entries of a numbering that is gone', async () => {
    const one = await startInstance(server.options(), systemClock, name)
    await put(one.level, 'k', entryOf(systemClock, 'v1'))
    await server.command('DEL', `${name}:{${name}}:stream`, `${name}:{${name}}:state`)
    await until(async () => (await hit(one.level)) === 'miss')
    await one.end()
  })

  test('believes nothing on a name whose invalidation could not be told yet', async () => {
    const own = await startRedisServer()
    const one = await startInstance(own.options({ timeoutMs: 500, cooldownMs: 20 }))
    await put(one.level, 'k', entryOf(systemClock, 'v1', { tags: ['t'] }))
    own.freeze()
    const told = one.level.invalidate({ kind: 'tag', name: 't' })
    expect(await told).toBeUndefined()
    expect((await one.level.get('k')).state).toBe('unavailable')
    own.thaw()
    await until(async () => (await hit(one.level)) !== 'unavailable')
    expect(await hit(one.level)).toBe('miss')
    await one.end()
    await own.end()
  }, 20_000)

  test('damaged values are misses, and counted', async () => {
    const one = await startInstance(server.options(), systemClock, name)
    await put(one.level, 'k', entryOf(systemClock, 'a value that is long enough'))
    const redisKey = `${name}:c:1:k`
    const fence = fenceOf(await one.level.get('k'))
    await server.command('SETRANGE', redisKey, '300', 'X')
    expect(await hit(one.level)).toBe('miss')
    await one.level.set('k', entryOf(systemClock, 'again'), fence)
    await server.command('APPEND', redisKey, 'X')
    expect(await hit(one.level)).toBe('miss')
    await server.command('SET', redisKey, 'short')
    expect(await hit(one.level)).toBe('miss')
    expect(one.level.stats().corrupt).toBe(3)
    await one.end()
  })

  test('what is no entry at all is not believed, refuses nothing, and is written over', async () => {
    const one = await startInstance(server.options(), systemClock, name)
    const fence = fenceOf(await one.level.get('k'))
    for (const command of [
      ['HSET', 'field', 'value'],
      ['RPUSH', 'item'],
      ['SADD', 'member'],
    ]) {
      await server.command('DEL', `${name}:c:1:k`)
      await server.command(command[0]!, `${name}:c:1:k`, ...command.slice(1))
      expect((await one.level.get('k')).state).toBe('unavailable')
      expect(await one.level.set('k', entryOf(systemClock, 'right'), fence)).toBe('stored')
      expect(await hit(one.level)).toBe('right')
    }
    // A server that refuses is no server that is gone.
    expect(await hit(one.level, 'other')).toBe('miss')
    await one.end()
  })

  test.each<[string, (stream: string, state: string) => string[]]>([
    ['an entry beyond all others', (stream) => ['XADD', stream, '999999-0', 'junk', 'junk']],
    ['text in place of the stream', (stream) => ['SET', stream, 'junk']],
    ['text in place of its state', (_, state) => ['SET', state, 'junk']],
    ['a number that is none', (_, state) => ['HSET', state, 'seq', 'junk']],
    ['a number beyond counting', (_, state) => ['HSET', state, 'seq', '9'.repeat(20)]],
    ['another number', (_, state) => ['HSET', state, 'seq', '7']],
    ['another era', (_, state) => ['HSET', state, 'era', 'junk']],
    ['an era that cannot be read', (_, state) => ['HSET', state, 'era', 'a:b']],
    ['nothing', (stream, state) => ['DEL', stream, state]],
  ])(
    '%s where invalidations are written: nothing old is believed, and it goes on anew',
    async (_, junk) => {
      const one = await startInstance(server.options(), systemClock, name)
      const two = await startInstance(server.options(), systemClock, name)
      await put(one.level, 'k', entryOf(systemClock, 'v1', { tags: ['t'] }))
      expect(await hit(two.level)).toBe('v1')
      const stream = `${name}:{${name}}:stream`
      await server.command(...junk(stream, stream.replace(':stream', ':state')))
      // Word of it arrives, or what it is about is not believed for another reason.
      one.bus.publish({ kind: 'tag', name: 't' }).catch(() => undefined)
      await until(async () => (await hit(two.level)) !== 'v1', 'the old value not being believed')
      await until(() => one.isLive() && two.isLive(), 'both hearing again')
      await until(async () => {
        // What was written there may be found out only now: until it is read anew, nothing is known.
        const answer = await one.level.get('k')
        if (answer.state === 'unavailable') return false
        await one.level.set('k', entryOf(systemClock, 'v2', { tags: ['t'] }), answer.fence)
        return (await hit(two.level)) === 'v2'
      }, 'a new value')
      await one.bus.publish({ kind: 'tag', name: 't' })
      await until(async () => (await hit(two.level)) === 'miss', 'word of the invalidation')
      // What no gate wrote is not read again and again.
      const before = Number(
        /total_commands_processed:(\d+)/.exec(String(await server.command('INFO')))?.[1],
      )
      await Bun.sleep(300)
      const after = Number(
        /total_commands_processed:(\d+)/.exec(String(await server.command('INFO')))?.[1],
      )
      expect(after - before).toBeLessThan(200)
      await one.end()
      await two.end()
    },
    20_000,
  )

  test('a server that comes back as it was saved brings back nothing that was invalidated since', async () => {
    const own = await startRedisServer()
    const options = own.options({ cooldownMs: 50 })
    const one = await startInstance(options, systemClock, name)
    await put(one.level, 'k', entryOf(systemClock, 'v1', { tags: ['t'] }))
    await own.command('SAVE')
    for (const tag of ['t', 'u', 'v']) await one.bus.publish({ kind: 'tag', name: tag })
    await until(async () => (await hit(one.level)) === 'miss')
    // Read before it went down: what is numbered anew afterwards must not look older than that.
    const stale = fenceOf(await one.level.get('late'))
    await own.restart()
    // One that has heard of the invalidation, and one that knows what is in Redis alone.
    const two = await startInstance(options, systemClock, name)
    await until(() => one.isLive(), 'hearing again')
    expect(await hit(two.level)).toBe('miss')
    await until(async () => (await hit(one.level)) === 'miss')
    await one.level.set('late', entryOf(systemClock, 'v1', { tags: ['t'] }), stale)
    await two.bus.publish({ kind: 'tag', name: 't' })
    for (const instance of [one, two]) {
      await until(async () => (await hit(instance.level, 'late')) === 'miss')
    }
    await put(two.level, 'k', entryOf(systemClock, 'v2', { tags: ['t'] }))
    await until(async () => (await hit(one.level)) === 'v2', 'a new value')
    await one.end()
    await two.end()
    await own.end()
  }, 20_000)

  test('a value of one key put under the name of another is not believed', async () => {
    const one = await startInstance(server.options(), systemClock, name)
    await put(one.level, 'a', entryOf(systemClock, 'of a'))
    await server.command('COPY', `${name}:c:1:a`, `${name}:c:1:b`)
    expect(await hit(one.level, 'b')).toBe('miss')
    await one.end()
  })

  test('a wall clock that is ten minutes behind prolongs nothing', async () => {
    const right = createManualClock(Date.now())
    const behind = createManualClock(Date.now() - 600_000)
    const one = await startInstance(server.options(), right, name)
    const two = await startInstance(server.options(), behind, name)
    await put(one.level, 'k', entryOf(right, 'v1', { expiresMs: right.nowMs() + 1000 }))
    const answer = await two.level.get('k')
    expect(answer.state).toBe('hit')
    if (answer.state === 'hit') {
      const leftMs = answer.entry.meta.expiresMs - behind.nowMs()
      expect(leftMs).toBeLessThanOrEqual(1000)
      expect(leftMs).toBeGreaterThan(0)
    }
    for (const clock of [right, behind]) clock.advance(1000)
    expect(await hit(two.level)).toBe('miss')
    await one.end()
    await two.end()
  })

  test('a cache that publishes by the bus of the level says once what it invalidates', async () => {
    const one = await startInstance(server.options(), systemClock, name)
    const page = contentKind<string>({
      name: 'page',
      sizeOf: () => 1,
      codec: textCodec,
      ttlMs: 60_000,
    })
    const cache = createCache({
      clock: systemClock,
      random: systemRandom,
      kinds: { page },
      levels: [one.level],
      publisher: one.bus,
    })
    one.bus.start(cache)
    const key = cache.kinds.page.scope('acme', { kind: 'shared' }).key('k')
    const load = async (value: string): Promise<string> =>
      cache.kinds.page.getOrLoad(key, async () => ({ value, tags: ['t'] }))
    expect(await load('before')).toBe('before')
    for (let at = 0; at < 3; at += 1) await cache.invalidate({ kind: 'tag', name: 't' })
    expect(await server.command('XLEN', `${name}:{${name}}:stream`)).toBe(3)
    expect(await load('after')).toBe('after')
    cache.close()
    await one.end()
  })

  test('while Redis is frozen, gets end at the time-out and then at once', async () => {
    const own = await startRedisServer()
    const one = await startInstance(own.options({ timeoutMs: 500 }))
    own.freeze()
    for (let at = 0; at < 10; at += 1) expect((await one.level.get('k')).state).toBe('unavailable')
    expect(one.level.stats().unavailable).toBe(10)
    await own.kill()
    expect((await one.level.get('k')).state).toBe('unavailable')
    expect(await one.level.set('k', entryOf(systemClock, 'v'), 'era:1')).not.toBe('stored')
    await own.restart()
    await until(async () => (await hit(one.level)) === 'miss')
    await put(one.level, 'k', entryOf(systemClock, 'v2'))
    expect(await hit(one.level)).toBe('v2')
    await one.end()
    await own.end()
  }, 20_000)
})
