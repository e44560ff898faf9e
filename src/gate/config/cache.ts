import { z } from 'zod'
import { duration, size } from '../../core/config/fields.ts'
import { responsesConfig } from '../../cache/configuration.ts'

const diskConfig = z
  .strictObject({
    folder: z
      .string()
      .optional()
      .describe('Where its files lie; default the folder `cache` in the data folder.'),
    bytesMax: size().prefault('1GiB').describe('Size of all files together at most.'),
    entryMax: size().prefault('4MiB').describe('Larger responses are kept in memory alone.'),
  })
  .meta({ id: 'CacheDisk' })

const redisConfig = z
  .strictObject({
    entryMax: size().prefault('1MiB').describe('Larger responses are not shared.'),
  })
  .meta({ id: 'CacheRedis' })

const warmUpConfig = z
  .strictObject({
    keys: z
      .int()
      .min(0)
      .max(100_000)
      .default(1000)
      .describe('Keys asked for most that are brought back into memory at the start; 0 for none.'),
    budget: duration().prefault('2s').describe('No key is begun later than this after the start.'),
  })
  .meta({ id: 'CacheWarmUp' })

const prefetchConfig = z
  .strictObject({
    atOnce: z
      .int()
      .min(1)
      .max(1000)
      .default(8)
      .describe('Prefetches under way at one time, in each process.'),
    callers: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('Callers whose last request is remembered; as many anonymous ones, by address.'),
    probability: z
      .number()
      .gt(0)
      .max(1)
      .default(0.4)
      .describe('Share of cases in which a route must have followed to be fetched ahead.'),
    observations: z
      .int()
      .min(1)
      .max(2000)
      .default(20)
      .describe('Requests of a route that are observed before anything is fetched ahead.'),
  })
  .meta({ id: 'CachePrefetch' })

/** Which responses are stored, and where. Decisions stay in memory. */
export const cacheConfig = z
  .strictObject({
    responses: responsesConfig.prefault({}),
    disk: diskConfig
      .optional()
      .describe('Keep stored responses on disk, too: warm after a restart.'),
    redis: redisConfig
      .optional()
      .describe('Share stored responses with other gates, in the Redis of `storage.redis`.'),
    prefetch: prefetchConfig
      .prefault({})
      .describe('Bounds of fetching ahead, which routes ask for with `cache: { prefetch: true }`.'),
    warmUp: warmUpConfig
      .prefault({})
      .describe('What is brought from disk or Redis into memory after a start.'),
  })
  .meta({ id: 'Cache' })
