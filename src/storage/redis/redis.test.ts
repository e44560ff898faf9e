import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { systemClock } from '../../core/clock.ts'
import { thrownBy } from '../contract/thrown-by.ts'
import { createBreaker } from './breaker.ts'
import { parseRedisUrl } from './options.ts'
import type { RedisServer } from './redis-server.fixture.ts'
import {
  hasRedisServer,
  startRedisCluster,
  startRedisServer,
  until,
} from './redis-server.fixture.ts'
import type { Redis } from './redis.ts'
import { createRedis } from './redis.ts'
import { slotOf } from './slot.ts'
import { textOf } from './stream-wire.ts'
import { RedisUnavailableError } from './unavailable.ts'

describe('a URL', () => {
  test('says host, port, user, password, database and encryption', () => {
    expect(parseRedisUrl('rediss://us%40er:p%3Aw@cache.example:6380/3')).toEqual({
      node: { host: 'cache.example', port: 6380 },
      isTls: true,
      username: 'us@er',
      password: 'p:w',
      database: 3,
    })
    expect(parseRedisUrl('redis://[::1]')).toEqual({
      node: { host: '::1', port: 6379 },
      isTls: false,
    })
  })

  test.each([
    'http://a',
    'redis://',
    'redis://a/x',
    'redis://a/1?b',
    'a:6379',
    'redis://a/1/2',
    'redis://100%:secret@a',
    'redis://user:50%ff@a',
  ])('that is none is refused: %s', (text) => expect(parseRedisUrl(text)).toBeUndefined())
})

test('a breaker opens after failures in a row, then lets one try through in a while', () => {
  const time = { nowMs: 0 }
  const options = { monotonicMs: () => time.nowMs, failuresMax: 2, cooldownMs: 100 }
  const breaker = createBreaker(options)
  breaker.failed()
  breaker.succeeded()
  breaker.failed()
  expect(breaker.tryEnter()).toBe(true)
  breaker.failed()
  expect(breaker.tryEnter()).toBe(false)
  time.nowMs = 100
  expect([breaker.tryEnter(), breaker.tryEnter()]).toEqual([true, false])
  breaker.succeeded()
  expect([breaker.tryEnter(), breaker.tryEnter()]).toEqual([true, true])
})

describe.skipIf(!hasRedisServer)('commands to a server', () => {
  let server: RedisServer
  let redis: Redis
  beforeEach(async () => {
    server = await startRedisServer()
    redis = createRedis(server.options({ cooldownMs: 50 }), { clock: systemClock })
    await until(() => redis.stats().isReady, 'a connection')
  })
  afterEach(async () => {
    await redis.close()
    await server.end()
  })

  test('carry bytes both ways', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
    expect(await redis.send('k', ['SET', 'k', bytes])).toBe('OK')
    expect(new Uint8Array((await redis.send('k', ['GET', 'k'])) as Uint8Array)).toEqual(bytes)
    expect(await redis.send('none', ['GET', 'none'])).toBeNull()
  })

  test('that the server refuses are no reason to leave it alone', async () => {
    for (let at = 0; at < 20; at += 1) {
      const error = await thrownBy(async () => redis.send('k', ['INCRBY', 'k', 'x']))
      expect(error).not.toBeInstanceOf(RedisUnavailableError)
    }
    expect(redis.stats().openBreakers).toBe(0)
  })

  test('end when a frozen server does not answer, soon at once; and work once it is thawed', async () => {
    const options = server.options({ timeoutMs: 100, cooldownMs: 50 })
    const impatient = createRedis(options, { clock: systemClock })
    await until(() => impatient.stats().isReady, 'a connection')
    server.freeze()
    const fail = async (): Promise<void> => {
      const error = await thrownBy(async () => impatient.send('k', ['GET', 'k']))
      expect(error).toBeInstanceOf(RedisUnavailableError)
    }
    for (let at = 0; at < 5; at += 1) await fail()
    const { timeouts, refused } = impatient.stats()
    expect({ timeouts, refused }).toEqual({ timeouts: 5, refused: 0 })
    await Promise.all(Array.from({ length: 100 }, fail))
    expect(impatient.stats().refused).toBeGreaterThanOrEqual(99)
    server.thaw()
    await until(async () => impatient.send('k', ['PING']).then(Boolean, () => false), 'an answer')
    expect(impatient.stats().openBreakers).toBe(0)
    await impatient.close()
  }, 20_000)

  test('fail at once when the server is killed, and work again when it is back', async () => {
    await server.kill()
    const error = await thrownBy(async () => redis.send('k', ['GET', 'k']))
    expect(error).toBeInstanceOf(RedisUnavailableError)
    await server.restart()
    await until(async () => redis.send('k', ['PING']).then(Boolean, () => false), 'an answer')
  }, 20_000)

  test('fail after closing', async () => {
    await redis.close()
    expect(await thrownBy(async () => redis.send('k', ['PING']))).toBeInstanceOf(
      RedisUnavailableError,
    )
  })
})

describe.skipIf(!hasRedisServer)('commands to a Cluster', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>
  let redis: Redis
  beforeAll(async () => {
    cluster = await startRedisCluster()
    const options = cluster.options({ timeoutMs: 1500, cooldownMs: 50 })
    redis = createRedis(options, { clock: systemClock })
    await until(() => redis.stats().isReady, 'a connection')
  }, 20_000)
  afterAll(async () => {
    await redis.close()
    await cluster.end()
  })

  test('go to the nodes that own the keys', async () => {
    const names = [
      '',
      'a',
      'foo',
      '{user}1',
      'x{}y',
      '{{a}}',
      'ü{ö}ä',
      'tollgate:c:12:abcdefghijkl',
    ]
    for (const name of names) {
      expect(slotOf(name)).toBe(
        Number(await cluster.servers[0]!.command('CLUSTER', 'KEYSLOT', name)),
      )
    }
    const keys = Array.from({ length: 60 }, (_, at) => `key ${at}`)
    await Promise.all(keys.map(async (key) => redis.send(key, ['SET', key, key])))
    const values = await Promise.all(keys.map(async (key) => redis.send(key, ['GET', key])))
    expect(values.map(textOf)).toEqual(keys)
    const sizes = await Promise.all(cluster.servers.map(async (server) => server.command('DBSIZE')))
    expect(sizes.every((size) => Number(size) > 0)).toBe(true)
  })

  test('to one frozen node do not keep the others from answering', async () => {
    const [frozen] = cluster.servers
    const keys = Array.from({ length: 60 }, (_, at) => `key ${at}`)
    frozen!.freeze()
    const asked = async (): Promise<number> => {
      const outcomes = await Promise.allSettled(
        keys.map(async (key) => redis.send(key, ['GET', key])),
      )
      return outcomes.filter(({ status }) => status === 'fulfilled').length
    }
    const answered = await asked()
    expect(answered).toBeGreaterThan(10)
    expect(answered).toBeLessThan(60)
    expect(redis.stats().openBreakers).toBe(1)
    frozen!.thaw()
    await until(async () => (await asked()) === 60, 'all answers')
  }, 20_000)
})
