import type { Clock } from '../../core/clock.ts'
import { toHex, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/digest.ts'
import type { Redis, RedisReply } from '../../storage/index.ts'
import { RedisUnavailableError } from '../../storage/index.ts'
import type { InvalidationHistory } from '../bus/history.ts'
import type { InvalidationPublisher, LevelAnswer, LevelOutcome } from '../contract.ts'
import { createCounts } from '../levels/counts.ts'
import { decodeEntry, encodeEntry } from '../levels/entry-codec.ts'
import type { FencedLevel } from '../levels/layered-store.ts'
import { namesOf } from '../levels/names-of.ts'
import { createSharedTime } from './shared-time.ts'

/** What {@link createRedisLevel} needs. */
export interface RedisLevelOptions {
  readonly redis: Redis
  readonly clock: Clock
  /** The bus on the stream in the same Redis; its history tells which entries may be trusted. */
  readonly bus: InvalidationPublisher & { readonly history: InvalidationHistory }
  /** Larger entries are not stored. */
  readonly entryBytesMax: number
}

/** Longer keys are replaced by their digest in the name; the entry holds the whole key. */
const KEY_BYTES_MAX = 256

/**
 * A level in Redis (L3), shared by all instances. Each entry carries the position in the stream of invalidations from
 * before its value was read. A reader trusts it only if it knows of no later invalidation of anything that the entry
 * depends on. So nothing has to be removed from Redis, and an entry that an instance stores too late, with outdated
 * knowledge, is never trusted.
 */
export function createRedisLevel(options: RedisLevelOptions): FencedLevel {
  const { redis, clock, bus, entryBytesMax } = options
  const { history } = bus
  const counts = createCounts()
  const time = createSharedTime(redis, clock, `${redis.prefix}:time`)
  let isOpen = true

  const unavailable = (reason: string): LevelAnswer => {
    counts.unavailable += 1
    return { state: 'unavailable', reason }
  }
  const miss = (fence: string): LevelAnswer => {
    counts.misses += 1
    return { state: 'miss', fence }
  }
  const answer = (key: string, reply: RedisReply, fence: string): LevelAnswer => {
    if (!(reply instanceof Uint8Array)) return miss(fence)
    const found = decodeEntry(reply)
    if (found === undefined) {
      counts.corrupt += 1
      return miss(fence)
    }
    if (found.key !== key) return miss(fence)
    const meta = time.toLocal(found.entry.meta)
    if (meta.expiresMs <= clock.nowMs()) {
      counts.expired += 1
      return miss(fence)
    }
    if (!history.isCurrent(namesOf(key, meta), found.asOf)) return miss(fence)
    counts.hits += 1
    return { state: 'hit', entry: { meta, body: found.entry.body }, fence }
  }
  const getOne = async (key: string): Promise<LevelAnswer> => {
    const fence = history.position()
    if (!isOpen || fence === undefined) return unavailable('invalidations are not known yet')
    const name = keyOf(redis.prefix, key)
    try {
      const [isTimeKnown, reply] = await Promise.all([time.know(), redis.send(name, ['GET', name])])
      return isTimeKnown ? answer(key, reply, fence) : unavailable('the time is not known')
    } catch (error) {
      if (error instanceof RedisUnavailableError) return unavailable(error.message)
      return unavailable('Redis refused to answer')
    }
  }

  return {
    name: 'redis',
    publisher: bus,
    fence: () => history.position(),
    get: async (key, signal) => untilAborted(getOne(key), signal, unavailable),
    async getMany(keys, signal) {
      // Commands of the same turn are sent together.
      const answers = keys.map(async (key) => untilAborted(getOne(key), signal, unavailable))
      return Promise.all(answers)
    },
    async set(key, entry, fence): Promise<LevelOutcome> {
      const lifetimeMs = Math.floor(entry.meta.expiresMs - clock.nowMs())
      if (!isOpen || lifetimeMs <= 0) return 'refused'
      if (!history.isCurrent(namesOf(key, entry.meta), fence)) {
        counts.fenced += 1
        return 'fenced'
      }
      try {
        if (!(await time.know())) return 'unavailable'
        const stored = { meta: time.toShared(entry.meta), body: entry.body }
        const bytes = encodeEntry({ key, entry: stored, asOf: fence })
        if (bytes.length > entryBytesMax) return 'refused'
        const name = keyOf(redis.prefix, key)
        await redis.send(name, ['SET', name, bytes, 'PX', String(lifetimeMs)])
        counts.stores += 1
        return 'stored'
      } catch {
        counts.unavailable += 1
        return 'unavailable'
      }
    },
    async delete(key) {
      const name = keyOf(redis.prefix, key)
      try {
        await redis.send(name, ['UNLINK', name])
      } catch {
        // It may lie there still: nobody believes it from now on, and others hear so as soon as Redis answers.
        bus.publish({ kind: 'key', name: key }).catch(() => undefined)
      }
    },
    async invalidate(invalidation) {
      // What has its place in the shared order was heard from there. Of the rest others hear in their
      // time; here nothing on the name is believed from now on.
      if (invalidation.sequence === undefined) bus.publish(invalidation).catch(() => undefined)
    },
    stats: () => ({ ...counts, entries: 0, bytes: 0 }),
    async close() {
      isOpen = false
    },
  }
}

/** The name of an entry in Redis: its length first, so that no key can be made to look like another. */
function keyOf(prefix: string, key: string): string {
  const bytes = utf8(key)
  const short = bytes.length <= KEY_BYTES_MAX ? key : `sha256:${toHex(sha256(bytes))}`
  return `${prefix}:c:${bytes.length}:${short}`
}

async function untilAborted(
  answer: Promise<LevelAnswer>,
  signal: AbortSignal | undefined,
  unavailable: (reason: string) => LevelAnswer,
): Promise<LevelAnswer> {
  if (signal === undefined) return answer
  if (signal.aborted) return unavailable('aborted')
  return new Promise((resolve) => {
    const abort = (): void => resolve(unavailable('aborted'))
    signal.addEventListener('abort', abort, { once: true })
    void answer.then((given) => {
      signal.removeEventListener('abort', abort)
      resolve(given)
    })
  })
}
