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
import type { Level } from '../contract.ts'
import { describeLevel, entryOf, fenceOf, put } from '../levels/contract/level.ts'
import { createRedisLevel } from './redis-level.ts'

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
    silenceMs: 200,
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
    const one = await startInstance(own.options({ timeoutMs: 50, cooldownMs: 20 }))
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

  test('while Redis is frozen, gets end at the time-out and then at once', async () => {
    const own = await startRedisServer()
    const one = await startInstance(own.options({ timeoutMs: 50 }))
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
