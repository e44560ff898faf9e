import type { RedisOptions } from './redis/options.ts'
import type { Redis, RedisParts } from './redis/redis.ts'

/**
 * Connects to Redis in the background: while there is no connection, commands fail at once. The client library is
 * loaded on demand.
 */
export async function openRedis(options: RedisOptions, parts: RedisParts): Promise<Redis> {
  const { createRedis } = await import('./redis/redis.ts')
  return createRedis(options, parts)
}
