import { z } from 'zod'
import { duration, size } from '../../core/config/fields.ts'
import { responsesConfig } from '../../cache/configuration.ts'

const diskConfig = z
  .strictObject({
    folder: z
      .string()
      .optional()
      .describe('Folder for its files; defaults to `cache` in the data folder.'),
    bytesMax: size().prefault('1GiB').describe('Maximum total size of all files.'),
    entryMax: size().prefault('4MiB').describe('Larger responses are kept in memory only.'),
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
      .describe(
        'How many of the most requested keys are loaded back into memory at startup; 0 for none.',
      ),
    budget: duration()
      .prefault('2s')
      .describe('No further key is loaded once this much time has passed since startup.'),
  })
  .meta({ id: 'CacheWarmUp' })

const prefetchConfig = z
  .strictObject({
    atOnce: z
      .int()
      .min(1)
      .max(1000)
      .default(8)
      .describe('Prefetches in flight at once, in each process.'),
    callers: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe(
        'Callers whose last request is remembered, plus as many anonymous ones, by address.',
      ),
    probability: z
      .number()
      .gt(0)
      .max(1)
      .default(0.4)
      .describe('Share of cases in which a route must have followed before it is prefetched.'),
    observations: z
      .int()
      .min(1)
      .max(2000)
      .default(20)
      .describe('Requests to a route that are observed before anything is prefetched.'),
  })
  .meta({ id: 'CachePrefetch' })

/** Which responses are stored, and where. Decisions stay in memory. */
export const cacheConfig = z
  .strictObject({
    responses: responsesConfig.prefault({}).describe('Stored responses in memory.'),
    disk: diskConfig
      .optional()
      .describe('Also keep stored responses on disk, so that the cache is warm after a restart.'),
    redis: redisConfig
      .optional()
      .describe('Share stored responses with other gates through the Redis of `storage.redis`.'),
    prefetch: prefetchConfig
      .prefault({})
      .describe('Bounds for prefetching, which routes enable with `cache: { prefetch: true }`.'),
    warmUp: warmUpConfig
      .prefault({})
      .describe('What is loaded from disk or Redis into memory at startup.'),
  })
  .meta({ id: 'Cache' })
