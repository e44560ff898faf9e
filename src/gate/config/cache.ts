import { z } from 'zod'
import { size } from '../../core/config/fields.ts'
import { responsesConfig } from '../../cache/index.ts'

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

/** What is remembered of responses, and where. Decisions stay in memory. */
export const cacheConfig = z
  .strictObject({
    responses: responsesConfig.prefault({}),
    disk: diskConfig
      .optional()
      .describe('Keep stored responses on disk, too: warm after a restart.'),
    redis: redisConfig
      .optional()
      .describe('Share stored responses with other gates, in the Redis of `storage.redis`.'),
  })
  .meta({ id: 'Cache' })
