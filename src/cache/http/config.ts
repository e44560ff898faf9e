import { z } from 'zod'
import { duration, headerName, size } from '../../core/config/fields.ts'

const compressConfig = z
  .strictObject({
    codings: z
      .array(z.enum(['br', 'zstd', 'gzip']))
      .min(1)
      .default(['br', 'zstd', 'gzip'])
      .describe('Codings on offer, the preferred first; those the runtime lacks are left out.'),
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
      .describe('Response headers with keys to purge by.'),
    strip: z.boolean().default(true).describe('Keep these headers from clients.'),
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
      'Share of the time since Last-Modified that counts as fresh where nothing else says.',
    ),
  heuristicsMax: duration().prefault('24h').describe('Upper bound of such a lifetime.'),
  staleIfDown: duration()
    .prefault('60s')
    .describe('How long beyond its end a response may be used while the upstream gives no answer.'),
  requestDirectives: z
    .boolean()
    .default(true)
    .describe('Obey Cache-Control of requests: no-cache, max-age, only-if-cached and so on.'),
  setCookie: z
    .boolean()
    .default(false)
    .describe(
      'Store responses that set cookies, too. A cookie replayed to others can be a session.',
    ),
  etags: z.boolean().default(true).describe('Make an ETag where the upstream gives none.'),
  status: z.boolean().default(true).describe('Tell in Cache-Status what the cache did (RFC 9211).'),
  prefetch: z
    .boolean()
    .default(false)
    .describe(
      'Learn which route follows which, and fetch ahead, as the caller, what is likely to be asked for next; between routes that both have it. Bounds: `cache.prefetch`.',
    ),
  coalesce: z.boolean().default(true).describe('One request to the upstream for many of the same.'),
  bodyMax: size().prefault('8MiB').describe('Larger bodies are passed on and not stored.'),
  variantsMax: z.int().min(1).max(256).default(16).describe('Variants by Vary of one URL.'),
  keep: duration()
    .prefault('1h')
    .describe('How long a response is kept for revalidation beyond its end.'),
  surrogateKeys: surrogateConfig.prefault({}),
  compress: z
    .union([z.literal(false), compressConfig])
    .prefault({})
    .describe('Send stored bodies compressed, where they hold nothing of one caller alone.'),
})

/** Caching of a route's responses: `true` for the defaults, or options. Off when absent. */
export const routeCacheConfig = z
  .union([
    z.literal(true).transform(() => routeCacheOptions.parse({})),
    z.literal(false).transform(() => undefined),
    routeCacheOptions,
  ])
  .describe('Cache responses by RFC 9111; `true` for the defaults. Nothing is cached without it.')
  .meta({ id: 'RouteCache' })

/** Parsed options of a route's cache: durations in milliseconds, sizes in bytes. */
export type RouteCacheConfig = z.output<typeof routeCacheOptions>

/** Memory for stored responses, in each process. */
export const responsesConfig = z
  .strictObject({
    memory: size().prefault('64MiB').describe('Memory for stored responses, in each process.'),
    entries: z.int().min(16).max(10_000_000).default(100_000).describe('URLs stored at most.'),
    tenantShareMax: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe(
        'Share of the memory that one tenant may keep when others want it, too; anonymous callers count as one together.',
      ),
    waitersMax: z
      .int()
      .min(0)
      .max(100_000)
      .default(1024)
      .describe('Requests that wait for another one for the same; more ask for themselves.'),
    waitTimeout: duration()
      .prefault('10s')
      .describe('After so long, one of those that wait asks the upstream again.'),
  })
  .meta({ id: 'Responses' })

/** Parsed {@link responsesConfig}. */
export type ResponsesConfig = z.output<typeof responsesConfig>
