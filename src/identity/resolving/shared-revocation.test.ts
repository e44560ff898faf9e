import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import {
  createStreamBus,
  openRedis,
  openRedisStream,
  STREAM_DEFAULTS,
} from '../../storage/index.ts'
import type { RedisServer } from '../../storage/redis/redis-server.fixture.ts'
import {
  hasRedisServer,
  startRedisServer,
  until,
} from '../../storage/redis/redis-server.fixture.ts'
import type { Rig } from '../test-rig.ts'
import { createRig, valueOf } from '../test-rig.ts'

/** Instances that share one record store and a Redis: what is revoked on one is refused on all. */

const BOUND_MS = 1000

describe.skipIf(!hasRedisServer)('revocation over a real Redis', () => {
  let server: RedisServer
  let rigs: Rig[]
  const ends: (() => Promise<void>)[] = []
  beforeAll(async () => {
    server = await startRedisServer()
    rigs = []
    for (let at = 0; at < 3; at += 1) {
      const redis = await openRedis(server.options(), { clock: systemClock })
      const stream = openRedisStream({
        ...STREAM_DEFAULTS,
        redis,
        clock: systemClock,
        random: systemRandom,
        name: 'bus',
      })
      const bus = createStreamBus(stream)
      await until(() => stream.isLive(), 'the stream')
      const [first] = rigs
      const shared = first === undefined ? {} : { records: first.records, clock: first.clock }
      rigs.push(await createRig({ bus, ...shared, ownsRecords: false, seed: at + 1 }))
      ends.push(async () => {
        await bus.close()
        await stream.close()
        await redis.close()
      })
    }
  }, 20_000)
  afterAll(async () => {
    for (const end of ends) await end()
    await server.end()
  })

  const accepted = async (secret: string): Promise<number> => {
    const answers = await Promise.all(rigs.map(async (rig) => rig.resolve(secret)))
    return answers.filter((answer) => !('code' in answer)).length
  }
  const makeKey = async (): Promise<{ id: string; secret: string }> => {
    const made = valueOf(await rigs[0]!.identity.keys.create('t1', { name: 'k' }))
    expect(await accepted(made.secret)).toBe(3)
    return { id: made.after.id, secret: made.secret }
  }
  const untilRefused = async (secret: string): Promise<number> =>
    until(async () => (await accepted(secret)) === 0, 'everybody refusing')

  test('holds in every instance within a second', async () => {
    const { id, secret } = await makeKey()
    await rigs[1]!.identity.keys.revoke('t1', id)
    expect(await untilRefused(secret)).toBeLessThan(BOUND_MS)
  })

  test('holds within a second while Redis does not answer, though the others cannot be told', async () => {
    const { id, secret } = await makeKey()
    server.freeze()
    const revoking = rigs[1]!.identity.keys.revoke('t1', id)
    expect(await untilRefused(secret)).toBeLessThan(BOUND_MS)
    // It is stored and in force; that the others are not told yet is reported separately.
    expect((await revoking).ok).toBe(true)
    expect(rigs[1]!.bus.untold?.()).toBe(1)
    server.thaw()
  }, 20_000)

  test('holds within a second while Redis is killed and started again, empty', async () => {
    await until(async () => (await server.command('PING')) === 'PONG')
    const { id, secret } = await makeKey()
    const killed = server.kill()
    const revoking = rigs[2]!.identity.keys.revoke('t1', id).catch(() => undefined)
    await killed
    expect(await untilRefused(secret)).toBeLessThan(BOUND_MS)
    await server.restart()
    await revoking
    expect(await accepted(secret)).toBe(0)
    const again = await makeKey()
    await rigs[0]!.identity.keys.revoke('t1', again.id).catch(() => undefined)
    expect(await untilRefused(again.secret)).toBeLessThan(BOUND_MS)
  }, 20_000)
})
