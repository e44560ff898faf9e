import type { CacheAnswer, SyntheticCache } from './cache.ts'
import { createSyntheticCache } from './cache.ts'
import type { SyntheticCacheOptions, SyntheticOptions } from './options.ts'
import type { CountingRoutes, Route, SyntheticWorld } from './route.ts'

/** Marks answers that a shared cache in front may store. */
const FRESH = { 'cache-control': 'max-age=60' } as const
const BYPASSED = { 'cache-control': 'no-store', 'cache-status': 'synthetic; fwd=request' } as const
const NO_CACHE: SyntheticCacheOptions = {
  entriesMax: 1000,
  ttlMs: 60_000,
  originMs: 5,
  coalesces: true,
  isolatesCallers: true,
  header: 'cache-status',
}

/** A cache at `/cache/…`, and an origin for a cache in front at `/content/…`. */
export function createCacheRoutes(
  { cache: cacheOptions = NO_CACHE }: SyntheticOptions,
  { nowMs, sleep }: SyntheticWorld,
): CountingRoutes<'cacheHits' | 'originFetches'> {
  const cache = createSyntheticCache(cacheOptions, async () => sleep(cacheOptions.originMs))
  let fetchedContent = 0
  return {
    routes: {
      '/cache/': cached(cache, cacheOptions.header, nowMs),
      '/content/': (_, { pathname }) => {
        fetchedContent += 1
        return new Response(`content of ${pathname.slice('/content/'.length)}\n`, {
          headers: FRESH,
        })
      },
      '/purge': () => {
        cache.clear()
        return new Response(null, { status: 204 })
      },
    },
    stats: () => ({
      originFetches: cache.originFetches + fetchedContent,
      cacheHits: cache.hits,
    }),
  }
}

function cached(
  cache: SyntheticCache,
  header: SyntheticCacheOptions['header'],
  nowMs: () => number,
): Route {
  return async (request, { pathname }) => {
    const key = pathname.slice('/cache/'.length)
    const caller = request.headers.get('authorization') ?? ''
    if (request.headers.get('cache-control') === 'no-store') {
      return new Response(`key=${key} caller=${caller}\n`, { headers: BYPASSED })
    }
    const answer = await cache.get(key, caller, nowMs())
    return new Response(answer.body, { headers: toldIn(header, answer) })
  }
}

/** Reports what the cache did, in the configured header. */
function toldIn(
  header: SyntheticCacheOptions['header'],
  { outcome, ageMs }: CacheAnswer,
): Readonly<Record<string, string>> {
  const isHit = outcome === 'hit'
  const told = {
    'cache-status': {
      'cache-status': isHit ? 'synthetic; hit' : 'synthetic; fwd=miss; stored',
    },
    'x-cache': { 'x-cache': outcome.toUpperCase() },
    age: isHit ? { age: String(Math.max(1, Math.floor(ageMs / 1000))) } : {},
    none: {},
  }
  return told[header]
}
