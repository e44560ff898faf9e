import { createRandom } from '../core/index.ts'
import type { SyntheticCache } from './cache.ts'
import { createSyntheticCache } from './cache.ts'
import { createCapacity } from './capacity.ts'
import { createCpuBurners } from './cpu-burn.ts'
import type { CpuBurner } from './cpu-burn.ts'
import type { Delay, SyntheticOptions, SyntheticStats } from './options.ts'

/** The world of a synthetic server. */
export interface SyntheticWorld {
  /** Monotonic, milliseconds. */
  readonly nowMs: () => number
  /** The same clock in nanoseconds. */
  readonly nowNs: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly usage: () => Pick<SyntheticStats, 'cpuUs' | 'heapBytes' | 'residentBytes'>
}

type Handler = (request: Request, url: URL) => Promise<Response> | Response

const HELLO = 'hello from a server whose behavior is known\n'
/** What a shared cache in front may keep. */
const FRESH = { 'cache-control': 'max-age=60' } as const
const NO_STORE = { 'cache-control': 'no-store' } as const
const NO_CACHE = {
  entriesMax: 1000,
  ttlMs: 60_000,
  originMs: 5,
  coalesces: true,
  isolatesCallers: true,
  header: 'cache-status',
} as const

/** Answers as the options say. */
export function createSyntheticHandler(
  options: SyntheticOptions,
  world: SyntheticWorld,
): (request: Request) => Promise<Response> | Response {
  const random = createRandom(options.seed ?? 1)
  const startMs = world.nowMs()
  const { nowMs, sleep } = world
  const layers = createLayers(options.layersUs ?? {}, world.nowNs)
  const cacheOptions = options.cache ?? NO_CACHE
  const cache = createSyntheticCache(cacheOptions, async () => sleep(cacheOptions.originMs))
  const capacityOptions = options.capacity ?? { concurrent: 4, serviceMs: 10, queueMax: 1000 }
  const capacity = createCapacity(capacityOptions.concurrent, capacityOptions.queueMax, async () =>
    sleep(capacityOptions.serviceMs),
  )
  const leaked: Uint8Array[] = []
  const taken = new Map<string, { second: number; count: number }>()
  let remembered = 0
  let originFetches = 0
  let requests = 0
  let leakedBytes = 0

  const stalled = async (): Promise<void> => {
    const { stall } = options
    const sinceMs = nowMs() - startMs
    if (stall !== undefined && sinceMs >= stall.afterMs && sinceMs < stall.afterMs + stall.forMs) {
      await sleep(stall.afterMs + stall.forMs - sinceMs)
    }
  }
  const isOverLimit = (key: string): boolean => {
    const second = Math.floor(nowMs() / 1000)
    const window = taken.get(key)
    if (window === undefined || window.second !== second) {
      taken.set(key, { second, count: 1 })
      return false
    }
    window.count += 1
    return window.count > (options.limitPerSecond ?? 1)
  }
  const refused = (): Response =>
    new Response('too many requests\n', { status: 429, headers: { 'retry-after': '1' } })
  const limited: Handler = (request) =>
    isOverLimit(request.headers.get('authorization') ?? '') ? refused() : new Response(HELLO)
  /** Whoever calls themselves greedy is limited, everybody without a credential refused. */
  const authorized =
    (handler: Handler): Handler =>
    (request, url) => {
      const credential = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
      if (credential === undefined) return new Response('who are you?\n', { status: 401 })
      if (credential.startsWith('greedy') && isOverLimit(credential)) return refused()
      return handler(request, url)
    }

  const routes: Readonly<Record<string, Handler>> = {
    '/': () => new Response(HELLO, { headers: { 'x-synthetic': '1' } }),
    '/delay': async () => {
      await stalled()
      const { delay } = options
      if (delay !== undefined) await sleep(drawDelay(delay, random))
      return new Response(HELLO)
    },
    '/capacity': async () =>
      (await capacity.serve())
        ? new Response(HELLO)
        : new Response('no room\n', { status: 503, headers: { 'retry-after': '1' } }),
    '/layers': (_, url) => {
      for (const layer of (url.searchParams.get('on') ?? '').split(',')) {
        layers.get(layer)?.burn()
      }
      return new Response(HELLO)
    },
    '/leak': () => {
      const bytes = options.leakBytes ?? 0
      if (bytes > 0) leaked.push(new Uint8Array(bytes).fill(1))
      leakedBytes += bytes
      return new Response(HELLO)
    },
    '/errors': () =>
      random.next() < (options.errorShare ?? 0)
        ? new Response('an error on purpose\n', { status: 500 })
        : new Response(HELLO),
    '/limited': limited,
    '/auth': (request) =>
      /^Bearer \S+$/.test(request.headers.get('authorization') ?? '')
        ? new Response(HELLO)
        : new Response('who are you?\n', {
            status: 401,
            headers: { 'www-authenticate': 'Bearer' },
          }),
    '/webhook': async (request) => {
      await request.arrayBuffer()
      return new Response(null, { status: 202 })
    },
    // What the examples behind the gate answer, so that scenarios for them run here as well.
    '/scene': authorized(() => Response.json({ title: 'a scene', objects: [] })),
    '/api/v1/memories': authorized(async (request) => {
      const { text } = (await request.json()) as { readonly text: string }
      remembered += 1
      return Response.json({ id: String(remembered), text }, { status: 201 })
    }),
    '/api/v1/memories/recall': authorized((_, url) =>
      Response.json({ matched: 'all', memories: [], q: url.searchParams.get('q') }),
    ),
    '/purge': () => {
      cache.clear()
      return new Response(null, { status: 204 })
    },
    '/gc': () => {
      Bun.gc(true)
      return new Response(null, { status: 204 })
    },
    '/stats': () =>
      Response.json({
        requests,
        originFetches: cache.originFetches + originFetches,
        cacheHits: cache.hits,
        leakedBytes,
        layers: Object.fromEntries([...layers].map(([name, burner]) => [name, burner.stats()])),
        ...world.usage(),
      }),
  }
  return (request) => {
    requests += 1
    const url = new URL(request.url)
    const handler = routes[url.pathname]
    if (handler !== undefined) return handler(request, url)
    if (url.pathname.startsWith('/cache/')) {
      return cached(cache, cacheOptions.header, url.pathname.slice(7), request, nowMs())
    }
    if (url.pathname.startsWith('/content/')) {
      originFetches += 1
      return new Response(`content of ${url.pathname.slice(9)}\n`, { headers: FRESH })
    }
    return new Response('not found\n', { status: 404 })
  }
}

function createLayers(
  layersUs: Readonly<Record<string, number>>,
  nowNs: () => number,
): ReadonlyMap<string, CpuBurner> {
  const entries = Object.entries(layersUs)
  if (entries.length === 0) return new Map()
  const makeBurner = createCpuBurners(nowNs)
  return new Map(entries.map(([name, us]) => [name, makeBurner(us)]))
}

async function cached(
  cache: SyntheticCache,
  header: 'age' | 'cache-status' | 'none' | 'x-cache',
  key: string,
  request: Request,
  nowMs: number,
): Promise<Response> {
  const caller = request.headers.get('authorization') ?? ''
  if (request.headers.get('cache-control') === 'no-store') {
    return new Response(`key=${key} caller=${caller}\n`, {
      headers: { ...NO_STORE, 'cache-status': 'synthetic; fwd=request' },
    })
  }
  const { body, outcome, ageMs } = await cache.get(key, caller, nowMs)
  const seconds = String(Math.floor(ageMs / 1000))
  const said: Readonly<Record<typeof header, Readonly<Record<string, string>>>> = {
    'cache-status': {
      'cache-status': outcome === 'hit' ? 'synthetic; hit' : 'synthetic; fwd=miss; stored',
    },
    'x-cache': { 'x-cache': outcome.toUpperCase() },
    age: outcome === 'hit' ? { age: String(Math.max(1, Number(seconds))) } : {},
    none: {},
  }
  return new Response(body, { headers: said[header] })
}

function drawDelay(delay: Delay, random: ReturnType<typeof createRandom>): number {
  if (delay.kind === 'constant') return delay.ms
  if (delay.kind === 'exponential') return delay.meanMs * random.exponential()
  return delay.medianMs * Math.exp(delay.sigma * random.normal())
}
