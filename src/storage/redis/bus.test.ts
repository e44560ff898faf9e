import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import type { Bus } from '../bus.ts'
import { describeBus, listen } from '../contract/bus.ts'
import { createStreamBus } from './bus.ts'
import type { RedisOptions } from './options.ts'
import type { RedisServer } from './redis-server.fixture.ts'
import {
  hasRedisServer,
  startRedisCluster,
  startRedisServer,
  until,
} from './redis-server.fixture.ts'
import { createRedis } from './redis.ts'
import type { RedisStream, RedisStreamOptions } from './stream.ts'
import { openRedisStream, STREAM_DEFAULTS } from './stream.ts'

/** Longer than a process has no turn on a busy machine: what is not silence is not taken for it. */
const SILENCE_MS = 2000

interface Instance {
  readonly bus: Bus
  readonly stream: RedisStream
  readonly end: () => Promise<void>
}

type StreamChanges = Partial<
  Pick<RedisStreamOptions, 'entriesMax' | 'publishTimeoutMs' | 'silenceMs'>
>

let name = 0

async function startInstance(
  options: RedisOptions,
  stream: string,
  changes: StreamChanges = {},
): Promise<Instance> {
  const redis = createRedis(options, { clock: systemClock })
  const opened = openRedisStream({
    ...STREAM_DEFAULTS,
    redis,
    clock: systemClock,
    random: systemRandom,
    name: stream,
    silenceMs: SILENCE_MS,
    ...changes,
  })
  const bus = createStreamBus(opened)
  return {
    bus,
    stream: opened,
    async end() {
      await bus.close()
      await opened.close()
      await redis.close()
    },
  }
}

const factory = (options: () => RedisOptions) => async () => {
  name += 1
  const [here, there] = await Promise.all([
    startInstance(options(), `contract-${name}`),
    startInstance(options(), `contract-${name}`),
  ])
  await until(() => here.stream.isLive() && there.stream.isLive(), 'both being live')
  return {
    here: here.bus,
    there: there.bus,
    end: async () => void (await Promise.all([here.end(), there.end()])),
  }
}

describe.skipIf(!hasRedisServer)('on a real server', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(async () => server.end())
  describeBus(
    'Redis stream',
    factory(() => server.options()),
  )
})

describe.skipIf(!hasRedisServer)('on a real Cluster', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>
  beforeAll(async () => {
    cluster = await startRedisCluster()
  }, 20_000)
  afterAll(async () => cluster.end())
  describeBus(
    'Redis Cluster stream',
    factory(() => cluster.options()),
  )
})

describe.skipIf(!hasRedisServer)('a bus over a stream', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(async () => server.end())

  /** Two instances that hear each other, and what the second one heard so far. */
  async function pair(changes: StreamChanges = {}) {
    name += 1
    const here = await startInstance(server.options(), `pair-${name}`, changes)
    const there = await startInstance(server.options(), `pair-${name}`, changes)
    await until(() => here.stream.isLive() && there.stream.isLive(), 'both being live')
    const heard: string[] = []
    there.bus.subscribe((event) =>
      heard.push(
        event.kind === 'message' ? event.message.payload : event.isSilence ? 'silence' : 'gap',
      ),
    )
    return { here, there, heard, end: async () => Promise.all([here.end(), there.end()]) }
  }

  test('says again and again that it hears nothing while Redis does not answer', async () => {
    const { here, there, heard, end } = await pair({ silenceMs: 200 })
    server.freeze()
    await until(() => heard.length >= 3, 'silence')
    expect(new Set(heard)).toEqual(new Set(['silence']))
    expect(there.stream.isLive()).toBe(false)
    server.thaw()
    await until(() => there.stream.isLive() && here.stream.isLive(), 'being live again')
    const first = listen(there.bus, 1)
    await here.bus.publish({ topic: 't', payload: 'after' })
    expect(await first).toEqual([{ kind: 'message', message: { topic: 't', payload: 'after' } }])
    // Nothing was lost, and so nothing is said to be.
    expect(heard).not.toContain('gap')
    await end()
  }, 20_000)

  test('tells those in the process at once, though Redis is gone, and counts what others do not know', async () => {
    const { here, heard, there, end } = await pair({ publishTimeoutMs: 100 })
    await server.kill()
    const own = listen(here.bus, 1)
    const published = here.bus.publish({ topic: 't', payload: 'late' })
    expect(await own).toEqual([{ kind: 'message', message: { topic: 't', payload: 'late' } }])
    await published
    expect(here.bus.untold?.()).toBe(1)
    await server.restart()
    await until(() => heard.includes('late'), 'the late message')
    await until(() => here.bus.untold?.() === 0, 'the last word being taken')
    expect(heard.indexOf('gap')).toBeLessThan(heard.indexOf('late'))
    expect(heard).toContain('gap')
    await until(() => there.stream.isLive(), 'being live again')
    await end()
  }, 20_000)

  test('notices that the stream was emptied behind its back', async () => {
    const { here, there, heard, end } = await pair()
    for (const payload of ['a', 'b', 'c']) await here.bus.publish({ topic: 't', payload })
    await until(() => heard.length === 3)
    await server.command('FLUSHALL')
    // The numbers of a new era soon pass the old ones: position alone would not show it.
    for (const payload of ['d', 'e', 'f', 'g', 'h']) await here.bus.publish({ topic: 't', payload })
    await until(() => heard.includes('gap'), 'a gap')
    await until(() => there.stream.isLive(), 'being live again')
    await here.bus.publish({ topic: 't', payload: 'i' })
    // What was published into the new era before the gap was noticed may still be on its way.
    await until(() => heard.includes('i'), 'the last message')
    expect(heard.slice(0, 4)).toEqual(['a', 'b', 'c', 'gap'])
    expect(
      heard.slice(heard.indexOf('i') + 1).filter((payload) => 'abcdefgh'.includes(payload)),
    ).toEqual([])
    await end()
  }, 20_000)

  test('notices entries that were trimmed before it read them', async () => {
    const { here, there, heard, end } = await pair({ entriesMax: 100 })
    const key = `tollgate:{pair-${name}}:stream`
    await here.bus.publish({ topic: 't', payload: 'first' })
    await until(() => heard.includes('first'))
    // The reader is kept away from what comes next by removing it in the same step.
    const script = `
      for at = 1, 3 do
        local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
        redis.call('XADD', KEYS[1], seq .. '-0', 'e', redis.call('HGET', KEYS[2], 'era'),
          's', 'x', 't', 't', 'p', 'unseen')
      end
      redis.call('XTRIM', KEYS[1], 'MAXLEN', '1')`
    await server.command('EVAL', script, '2', key, key.replace(':stream', ':state'))
    await until(() => heard.includes('gap'), 'a gap')
    expect(heard.filter((payload) => payload === 'unseen').length).toBeLessThan(3)
    await until(() => there.stream.isLive(), 'being live again')
    await end()
  }, 20_000)

  test('goes on without a gap after a cut that nothing was lost in', async () => {
    const { here, there, heard, end } = await pair()
    await here.bus.publish({ topic: 't', payload: 'before' })
    await until(() => heard.includes('before'))
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal')
    let sent = 0
    await until(async () => {
      sent += 1
      return here.bus.publish({ topic: 't', payload: `during ${sent}` }).then(
        () => true,
        () => false,
      )
    })
    await until(() => heard.some((payload) => payload.startsWith('during')))
    expect(heard).not.toContain('gap')
    expect(there.stream.stats().gaps).toBe(1)
    await end()
  }, 20_000)
})
