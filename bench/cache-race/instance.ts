/**
 * One instance of the race: a cache of decisions in process and in Redis, which loads the
 * truth from the parent. Run with an IPC channel: `bun instance.ts <redis port> <truth URL> <silence ms>`.
 */
import { utf8 } from '../../src/core/bytes.ts'
import { systemClock } from '../../src/core/clock.ts'
import { systemRandom } from '../../src/core/random.ts'
import { createCache, permissionKind } from '../../src/cache/index.ts'
import { createInvalidationBus } from '../../src/cache/bus/invalidation-bus.ts'
import { createRedisLevel } from '../../src/cache/redis/redis-level.ts'
import {
  openRedis,
  openRedisStream,
  REDIS_DEFAULTS,
  STREAM_DEFAULTS,
} from '../../src/storage/index.ts'
import type { Order, Reply } from './protocol.ts'
import { wallMs } from './protocol.ts'

const [port, truth, silenceMs] = process.argv.slice(2)
const world = { clock: systemClock, random: systemRandom }
const redis = await openRedis(
  { ...REDIS_DEFAULTS, nodes: [{ host: '127.0.0.1', port: Number(port) }], prefix: 'race' },
  world,
)
const stream = openRedisStream({
  ...STREAM_DEFAULTS,
  ...world,
  redis,
  name: 'bus',
  silenceMs: Number(silenceMs),
})
const bus = createInvalidationBus(stream, systemRandom)
const level = createRedisLevel({ redis, clock: systemClock, bus, entryBytesMax: 65_536 })
const permission = permissionKind<boolean>({
  sizeOf: () => 8,
  codec: { encode: (allowed) => utf8(allowed ? '1' : '0'), decode: (bytes) => bytes[0] === 49 },
})
const cache = createCache({ kinds: { permission }, ...world, levels: [level], publisher: bus })
bus.start(cache)
const scope = cache.kinds.permission.scope('acme', { kind: 'caller', id: 'key_1' })
let loads = 0

/** A key is `<tag>/<name>`: revoking the tag denies all of its keys. */
async function isAllowed(key: string): Promise<boolean> {
  const tag = key.slice(0, key.indexOf('/'))
  return cache.kinds.permission.getOrLoad(scope.key(key), async () => {
    loads += 1
    const answer = await fetch(`${truth}/${key}`)
    return { value: (await answer.text()) === '1', tags: [tag] }
  })
}

/** An error does not count as ALLOW. */
const ask = async (key: string): Promise<boolean> => isAllowed(key).catch(() => false)

/** Dates each ALLOW when it is given, so that waiting for the other keys does not count as its delay. */
async function watch(keys: readonly string[]): Promise<number> {
  let lastAllowMs = 0
  const askDated = async (key: string): Promise<boolean> => {
    const isAllow = await ask(key)
    if (isAllow) lastAllowMs = wallMs()
    return isAllow
  }
  for (;;) {
    const allowed = await Promise.all(keys.map(askDated))
    if (!allowed.includes(true)) return lastAllowMs
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function obey(order: Order): Promise<Omit<Reply, 'id'>> {
  if (order.kind === 'ask') return { allowed: await Promise.all(order.keys.map(ask)) }
  if (order.kind === 'watch') return { lastAllowMs: await watch(order.keys) }
  if (order.kind === 'begin') {
    for (const key of order.keys) void ask(key)
    return {}
  }
  if (order.kind === 'revoke') {
    const told = cache.invalidate({ kind: 'tag', name: order.tag })
    return {
      isTold: await told.then(
        () => true,
        () => false,
      ),
    }
  }
  const { hits, stores, unavailable } = level.stats()
  const { gaps, silences } = stream.stats()
  return { counts: { loads, levelHits: hits, levelStores: stores, unavailable, gaps, silences } }
}

process.on('message', (order: Order) => {
  void obey(order).then((reply) => process.send?.({ id: order.id, ...reply }))
})
const ready = setInterval(() => {
  if (!bus.isTrusted()) return
  clearInterval(ready)
  process.send?.({ id: 0 })
}, 5)
