import type { Name } from '../contract.ts'
import { createFlights } from './flights.ts'
import { createOutages } from './outages.ts'
import { createPredictor } from './predictor.ts'
import type { LookupResult, RecallOptions, RecallParts } from './recall-types.ts'
import type { RouteCache } from './route-cache.ts'
import { createRouteCache } from './route-cache.ts'
import type { NotStored } from './store-decision.ts'
import { createVerdicts } from './verdicts.ts'

/** What stored responses did since the start, and what is stored now. */
export interface ResponseStats extends Readonly<Record<LookupResult, number>> {
  readonly stored: number
  /** Bytes that were stored since the start. */
  readonly storedBytes: number
  readonly notStored: Readonly<Partial<Record<NotStored, number>>>
  readonly invalidations: number
  readonly waiting: number
  readonly entries: number
  readonly bytes: number
}

/** The caches of all routes, which share memory and what has been learned about keys. */
export interface ResponseCaches<R> {
  route(options: RecallOptions): RouteCache<R>
  /** Voids all stored responses that depend on a name, here and in all other instances. */
  invalidate(name: Name): void
  /** The same for an invalidation from another instance, which is not passed on. */
  apply(name: Name): void
  /** Resolves when no restart can undo the invalidations so far. */
  settled(): Promise<void>
  stats(): ResponseStats
}

/** What {@link createResponseCaches} needs. */
export type ResponseCachesParts = Omit<RecallParts, 'onStored' | 'onNotStored'>

/** Creates {@link ResponseCaches}. */
export function createResponseCaches<R>(parts: ResponseCachesParts): ResponseCaches<R> {
  const { store, onInvalidated } = parts
  const lookups = { hit: 0, stale: 0, miss: 0, revalidated: 0, bypass: 0 }
  const notStored: Partial<Record<NotStored, number>> = {}
  let stored = 0
  let storedBytes = 0
  let invalidations = 0
  const flights = createFlights<R>(parts)
  const shared = {
    ...parts,
    flights,
    predictor: createPredictor(),
    outages: createOutages(),
    verdicts: createVerdicts(),
    onLookup(result: LookupResult) {
      lookups[result] += 1
      parts.onLookup(result)
    },
    onStored(bytes: number) {
      stored += 1
      storedBytes += bytes
    },
    onNotStored(reason: NotStored) {
      notStored[reason] = (notStored[reason] ?? 0) + 1
    },
    onInvalidated(name: Name) {
      invalidations += 1
      onInvalidated(name)
    },
  }
  return {
    route: (options) => createRouteCache(options, shared),
    invalidate(name) {
      store.invalidate(name)
      shared.onInvalidated(name)
    },
    apply(name) {
      invalidations += 1
      store.invalidate(name)
    },
    settled: async () => parts.settled?.(),
    stats: () => ({
      ...lookups,
      stored,
      storedBytes,
      notStored: { ...notStored },
      invalidations,
      waiting: flights.waiting,
      ...store.stats(),
    }),
  }
}
