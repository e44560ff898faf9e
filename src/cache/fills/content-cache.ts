import type { Random } from '../../core/random.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import type { ContentKind } from '../kinds/kind.ts'
import type { ChangeHistory } from './adaptive-lifetime.ts'
import { adaptedLifetimeMs, NO_HISTORY, seen } from './adaptive-lifetime.ts'
import type { KindCacheParts } from './decision-cache.ts'
import { isRefreshedEarly } from './early-refresh.ts'
import type { Filled, Shelf } from './fill.ts'
import { createFiller } from './fill.ts'
import type { KindCache, StaleStats } from './kind-cache.ts'
import type { Load } from './load.ts'
import { LOAD_FAILURE_BYTES, LoadFailure } from './load-failure.ts'

/** A value, with what has to be known to serve it stale. Times are monotonic milliseconds. */
interface Content<V> {
  readonly value: V
  readonly readAtMs: number
  readonly freshUntilMs: number
  readonly revalidateUntilMs: number
  readonly errorUntilMs: number
  readonly costMs: number
  readonly lifetimeMs: number
  readonly history: ChangeHistory
}

/** Bytes that a {@link Content} takes besides its value. */
const CONTENT_BYTES = 144

/** What content needs besides. */
export interface ContentCacheParts extends KindCacheParts {
  readonly random: Random
  /** Told of refreshes in the background that failed. */
  onError(error: unknown): void
}

/** Creates the cache of one kind of content: served fresh, or stale within its bounds while it is refreshed. */
export function createContentCache<V>(
  kind: ContentKind<V>,
  number: number,
  parts: ContentCacheParts,
): KindCache<V> & { stale(): StaleStats } {
  const { memory, clock, random, coalescer } = parts
  const filler = createFiller(kind, parts)
  const counts = {
    staleWhileRevalidate: 0,
    staleIfError: 0,
    refreshes: 0,
    earlyRefreshes: 0,
    refreshErrors: 0,
  }
  const fraction = (): number => random.fraction()

  const get = (key: CacheKey, nowMs: number): Content<V> | LoadFailure | undefined =>
    memory.get(number, key, nowMs) as Content<V> | LoadFailure | undefined

  const refresh = (key: CacheKey, load: Load<V>, held: Content<V>): void => {
    if (coalescer.isLoading(key.text)) return
    counts.refreshes++
    filler.fill(key, load, held.value, shelfFor(kind, number, parts, held)).catch((error) => {
      counts.refreshErrors++
      parts.onError(error)
    })
  }

  const reload = async (
    key: CacheKey,
    load: Load<V>,
    held: Content<V>,
    signal?: AbortSignal,
  ): Promise<V> => {
    try {
      return await filler.fill(key, load, held.value, shelfFor(kind, number, parts, held), signal)
    } catch (error) {
      // What was invalidated meanwhile is not found any more, and must not be served.
      const nowMs = clock.monotonicMs()
      const mayServe =
        signal?.aborted !== true && nowMs < held.errorUntilMs && get(key, nowMs) === held
      if (!mayServe) throw error
      counts.staleIfError++
      return held.value
    }
  }

  return {
    scope: (tenant, audience) => parts.scope({ kind: kind.name, tenant, audience }),
    peek(key, nowMs = clock.monotonicMs()) {
      const held = get(key, nowMs)
      if (held === undefined || held instanceof LoadFailure) return undefined
      return nowMs < held.freshUntilMs ? held.value : undefined
    },
    getOrLoad(key, load, signal) {
      const nowMs = clock.monotonicMs()
      const held = get(key, nowMs)
      if (held === undefined) {
        return filler.fill(key, load, undefined, shelfFor(kind, number, parts), signal)
      }
      if (held instanceof LoadFailure) return Promise.reject(held.error)
      const remainingMs = held.freshUntilMs - nowMs
      if (remainingMs > 0) {
        if (isRefreshedEarly(remainingMs, held.costMs, kind.earlyRefreshBeta, fraction)) {
          counts.earlyRefreshes++
          refresh(key, load, held)
        }
        return held.value
      }
      if (nowMs >= held.revalidateUntilMs) return reload(key, load, held, signal)
      counts.staleWhileRevalidate++
      refresh(key, load, held)
      return held.value
    },
    put: (key, loaded, since, nowMs = clock.monotonicMs()) =>
      filler.put(key, loaded, since, nowMs, shelfFor(kind, number, parts)),
    stale: () => ({ ...counts }),
  }
}

/** The shelf for a value that may replace a known one. */
function shelfFor<V>(
  kind: ContentKind<V>,
  number: number,
  { memory, clock }: ContentCacheParts,
  held?: Content<V>,
): Shelf<V> {
  const historyAfter = (value: V): ChangeHistory => {
    if (kind.adaptive === undefined || held === undefined) return NO_HISTORY
    const hasChanged = !kind.adaptive.isSame(held.value, value)
    return seen(held.history, hasChanged, clock.monotonicMs() - held.readAtMs)
  }
  const contentOf = ({ value, bounds, readAtMs, costMs }: Filled<V>): Content<V> => ({
    value,
    readAtMs,
    freshUntilMs: readAtMs + bounds.freshMs,
    revalidateUntilMs: readAtMs + bounds.staleWhileRevalidateMs,
    errorUntilMs: readAtMs + bounds.staleIfErrorMs,
    costMs,
    lifetimeMs: bounds.freshMs,
    history: historyAfter(value),
  })
  return {
    keep(key, filled) {
      const placement = {
        kind: number,
        tenant: key.owner.tenant,
        valueBytes: kind.sizeOf(filled.value) + CONTENT_BYTES,
        expiresMs: filled.readAtMs + filled.bounds.hardMs,
        places: filled.places,
        position: filled.position,
      }
      return memory.set(key, contentOf(filled), placement, filled.isNegative)
    },
    drop: (key) => memory.delete(key),
    keepError(key, error, places, position) {
      if (kind.errorTtlMs <= 0) return
      const placement = {
        kind: number,
        tenant: key.owner.tenant,
        valueBytes: LOAD_FAILURE_BYTES,
        expiresMs: clock.monotonicMs() + kind.errorTtlMs,
        places,
        position,
      }
      memory.set(key, new LoadFailure(error), placement, true)
    },
    lifetimeMs(loaded, costMs) {
      const { adaptive } = kind
      if (adaptive === undefined || held === undefined || loaded.isNegative === true)
        return undefined
      return adaptedLifetimeMs(historyAfter(loaded.value), held.lifetimeMs, costMs, adaptive)
    },
  }
}
