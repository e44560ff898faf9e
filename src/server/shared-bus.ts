import type { InvalidationBus } from '../cache/index.ts'
import { messageOf } from '../core/error-message.ts'
import type { GatewayConfig, World } from '../gate/index.ts'
import { redisOptions } from '../gate/index.ts'
import type { Health, Metrics } from '../signals/index.ts'
import type { Bus, Redis, RedisStream } from '../storage/index.ts'
import { createStreamBus, openRedis, openRedisStream, STREAM_DEFAULTS } from '../storage/index.ts'

/** What several gates share: a Redis, its stream of changes, and the bus on that stream. */
export interface SharedBus {
  readonly redis: Redis
  readonly stream: RedisStream
  readonly bus: Bus
  /** Invalidations of cached entries, on the same stream. */
  readonly invalidations: InvalidationBus
  close(): Promise<void>
}

/** Connects to the Redis of the configuration, in the background: the gate starts without it, too. */
export async function openSharedBus(
  config: NonNullable<GatewayConfig['storage']['redis']>,
  { clock, random, logger }: Pick<World, 'clock' | 'random' | 'logger'>,
): Promise<SharedBus> {
  // Gates that store no responses and share nothing do not load the code for it.
  const { createInvalidationBus } = await import('../cache/index.ts')
  // Without a connection, commands fail without naming the cause.
  const trouble: { cause: string | undefined } = { cause: undefined }
  const redis = await openRedis(redisOptions(config), {
    clock,
    onError: (error) => {
      trouble.cause = causeOf(error)
      logger.debug('the connection to Redis is in trouble', { error })
    },
  })
  const stream = openRedisStream({
    ...STREAM_DEFAULTS,
    redis,
    clock,
    random,
    name: 'bus',
    silenceMs: config.silence,
  })
  const invalidations = createInvalidationBus(stream, random)
  const endWatch = logTransitions(
    stream,
    { clock, logger },
    {
      cause: () => trouble.cause ?? redis.stats().lastError,
      over: () => {
        trouble.cause = undefined
      },
    },
  )
  const bus = createStreamBus(stream)
  return {
    redis,
    stream,
    bus,
    invalidations,
    async close() {
      endWatch()
      invalidations.close()
      await bus.close()
      await stream.close()
      await redis.close()
    },
  }
}

/** Why nothing can be received from Redis. */
interface Trouble {
  readonly cause: () => string | undefined
  /** Called when messages arrive again. */
  readonly over: () => void
}

/** If several addresses all refuse, they make one error without a message. */
const causeOf = (error: Error): string =>
  messageOf(error) || ((error as NodeJS.ErrnoException).code ?? error.name)

/** How long a starting gate may take to receive from the stream before it logs that it does not. */
const START_MS = 2000

function logTransitions(
  stream: RedisStream,
  { clock, logger }: Pick<World, 'clock' | 'logger'>,
  trouble: Trouble,
): () => void {
  const startedMs = clock.monotonicMs()
  let state: 'starting' | 'heard' | 'silent' = 'starting'
  return stream.subscribe({
    onEntry: () => undefined,
    onGap(_, reason) {
      if (reason !== 'start') logger.warn('changes may have been missed', { reason })
    },
    onSilence(reason) {
      if (state === 'silent') return
      if (state === 'starting' && clock.monotonicMs() - startedMs < START_MS) return
      state = 'silent'
      const cause = trouble.cause()
      logger.warn('changes of others are not heard: decisions are read anew', {
        reason,
        ...(cause !== undefined && cause !== reason && { cause }),
      })
    },
    onLive() {
      logger.info('changes of others are heard')
      state = 'heard'
      trouble.over()
    },
  })
}

/** Reports the state of the shared bus to health and metrics. */
export function observeSharedBus(
  { redis, stream }: SharedBus,
  { health, metrics }: { readonly health: Health; readonly metrics: Metrics },
): void {
  health.register({
    name: 'redis',
    critical: false,
    run: () => {
      if (!stream.isLive()) throw new Error(redis.stats().lastError ?? 'nothing is heard')
    },
  })
  const live = metrics.gauge({
    name: 'tollgate_bus_live',
    help: 'Whether changes of other instances are heard (1) or decisions are distrusted (0).',
    merge: 'min',
  })
  const waiting = metrics.gauge({
    name: 'tollgate_bus_waiting',
    help: 'Changes that wait for Redis to take them.',
  })
  const gaps = metrics.counter({
    name: 'tollgate_bus_gaps_total',
    help: 'Times that changes of other instances may have been missed.',
  })
  const failures = metrics.counter({
    name: 'tollgate_redis_failures_total',
    help: 'Commands to Redis that failed or were not answered in time.',
  })
  metrics.beforeSnapshot(() => {
    const stats = stream.stats()
    live.set(0, stats.isLive ? 1 : 0)
    waiting.set(0, stats.waiting)
    gaps.set(0, stats.gaps)
    failures.set(0, redis.stats().failures)
  })
}
