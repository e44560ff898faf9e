import { z } from 'zod'
import { duration, headerName, size } from '../../core/config/fields.ts'

const compressConfig = z
  .strictObject({
    codings: z
      .array(z.enum(['br', 'zstd', 'gzip']))
      .min(1)
      .default(['br', 'zstd', 'gzip'])
      .describe(
        'Codings to offer, in order of preference; codings the runtime lacks are left out.',
      ),
    minSize: size().prefault('1KiB').describe('Smaller bodies are sent as they are.'),
    streams: z
      .boolean()
      .default(false)
      .describe('Also compress responses that are not stored, as they pass.'),
  })
  .meta({ id: 'CacheCompression' })

const surrogateConfig = z
  .strictObject({
    headers: z
      .array(headerName())
      .default(['surrogate-key', 'cache-tag', 'xkey'])
      .describe('Response headers that carry surrogate keys to purge by.'),
    strip: z
      .boolean()
      .default(true)
      .describe('Remove these headers before responses reach clients.'),
  })
  .meta({ id: 'CacheSurrogateKeys' })

const routeCacheOptions = z.strictObject({
  scope: z
    .enum(['caller', 'tenant', 'shared'])
    .default('caller')
    .describe(
      'Who shares a stored response: the same credential, its tenant, or everybody. Anonymous callers share theirs.',
    ),
  heuristics: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Fraction of the time since Last-Modified used as freshness lifetime when the response states none.',
    ),
  heuristicsMax: duration().prefault('24h').describe('Upper bound of a heuristic lifetime.'),
  staleIfDown: duration()
    .prefault('60s')
    .describe(
      'How long past its lifetime a response may be used while the upstream does not answer.',
    ),
  requestDirectives: z
    .boolean()
    .default(true)
    .describe('Obey Cache-Control in requests: no-cache, max-age, only-if-cached and so on.'),
  setCookie: z
    .boolean()
    .default(false)
    .describe(
      'Also store responses that set cookies. A cookie replayed to others can be a session.',
    ),
  etags: z.boolean().default(true).describe('Generate an ETag when the upstream sends none.'),
  status: z
    .boolean()
    .default(true)
    .describe('Report what the cache did in Cache-Status (RFC 9211).'),
  prefetch: z
    .boolean()
    .default(false)
    .describe(
      'Learn which route follows which, and prefetch, as the caller, what is likely to be requested next. Only between routes that both set this. Bounds: `cache.prefetch`.',
    ),
  coalesce: z
    .boolean()
    .default(true)
    .describe('Send one request upstream for many identical ones.'),
  bodyMax: size().prefault('8MiB').describe('Larger bodies are passed on without being stored.'),
  variantsMax: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Variants (by Vary) stored for one URL.'),
  keep: duration()
    .prefault('1h')
    .describe('How long past its lifetime a response is kept for revalidation.'),
  surrogateKeys: surrogateConfig.prefault({}).describe('Surrogate keys to purge by.'),
  compress: z
    .union([z.literal(false), compressConfig])
    .prefault({})
    .describe('Compress stored bodies, unless they hold data of a single caller.'),
})

/** Caching of a route's responses: `true` for the defaults, or options. Off when absent. */
export const routeCacheConfig = z
  .union([
    z.literal(true).transform(() => routeCacheOptions.parse({})),
    z.literal(false).transform(() => undefined),
    routeCacheOptions,
  ])
  .describe('Cache responses (RFC 9111); `true` for the defaults. Without it, nothing is cached.')
  .meta({ id: 'RouteCache' })

/** Parsed options of a route's cache: durations in milliseconds, sizes in bytes. */
export type RouteCacheConfig = z.output<typeof routeCacheOptions>

/** Memory for stored responses, in each process. */
export const responsesConfig = z
  .strictObject({
    memory: size().prefault('64MiB').describe('Memory for stored responses, in each process.'),
    entries: z
      .int()
      .min(16)
      .max(10_000_000)
      .default(100_000)
      .describe('Maximum number of URLs stored.'),
    tenantShareMax: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe(
        'Share of the memory that one tenant may keep when others need it too; all anonymous callers together count as one tenant.',
      ),
    waitersMax: z
      .int()
      .min(0)
      .max(100_000)
      .default(1024)
      .describe(
        'Requests that may wait for an identical request under way; beyond that, each asks the upstream itself.',
      ),
    waitTimeout: duration()
      .prefault('10s')
      .describe('After this time, one of the waiting requests asks the upstream again.'),
  })
  .meta({ id: 'Responses' })

/** Parsed {@link responsesConfig}. */
export type ResponsesConfig = z.output<typeof responsesConfig>
