import type { FencedLevel, LayeredStore, ResponseCaches } from '../../cache/index.ts'
import {
  createEpochTable,
  createLayeredStore,
  createResponseCaches,
  createResponseStore,
  createTextHash,
  everyResponse,
  Pool,
  textPool,
} from '../../cache/index.ts'
import type { ResponsesConfig } from '../../cache/configuration.ts'
import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { GatewayConfig } from '../config/index.ts'
import type { RecallParts } from '../compile-recall.ts'
import { createRecallStage } from '../compile-recall.ts'
import type { RecallStage } from '../recall.ts'
import type { RouteConfig } from '../config/index.ts'
import type { StageBody } from '../stage.ts'
import type { Prefetching } from './prefetching.ts'
import { createPrefetching } from './prefetching.ts'
import { canonicalizePath } from '../routing/canonical-path.ts'
import type { GateMetrics, Metrics } from '../../signals/index.ts'
import { CACHE_RESULT } from '../../signals/index.ts'
import type { Bus, Siblings } from '../../storage/index.ts'
import type { OtherStores, SharedInvalidations } from './tell-others.ts'
import { createOtherStores } from './tell-others.ts'

/** Stored responses, and word of their invalidation between instances. */
export interface Responses {
  readonly caches: ResponseCaches<Refusal>
  readonly prefetching: Prefetching
  /** The stage that recalls responses of a route; `undefined` where its configuration does not ask for it. */
  recallStage(
    config: GatewayConfig,
    route: RouteConfig,
    parts: RecallParts,
    answer: StageBody,
  ): RecallStage | undefined
  close(): void
}

/** What {@link createResponses} needs. */
export interface ResponsesParts {
  readonly config: ResponsesConfig
  readonly prefetch: GatewayConfig['cache']['prefetch']
  readonly clock: Clock
  readonly random: Random
  readonly bus: Bus
  /** The other processes of this gate; absent where it is alone. They are told in place of the bus. */
  readonly siblings?: Siblings | undefined
  readonly metrics: Metrics
  readonly gate: GateMetrics
  /** What stands behind memory; it carries word of invalidations itself where instances share it. */
  readonly levels?: ResponseLevels | undefined
  readonly onFailure: (error: unknown) => void
}

/** Levels behind the memory of stored responses. */
export interface ResponseLevels {
  readonly levels: readonly FencedLevel[]
  /** Carries invalidations to other gates, in place of the bus; absent where the bus does. */
  readonly shared?: SharedInvalidations
  /** Begins: from now on the store hears what others invalidated, and is warmed up. */
  readonly start: (store: LayeredStore) => void
  readonly onLookup?: (key: string) => void
}

/** Creates {@link Responses}. */
export function createResponses(parts: ResponsesParts): Responses {
  const { config, clock, random, bus, gate } = parts
  const epochs = createEpochTable(random)
  const limits = {
    entriesMax: config.entries,
    bytesMax: config.memory,
    tenantShareMax: config.tenantShareMax,
  }
  const pool = textPool(new Pool(limits, 1, epochs))
  const memory = createResponseStore({ pool, epochs, hash: createTextHash(random), clock })
  const { levels } = parts
  const store =
    levels === undefined
      ? undefined
      : createLayeredStore({ ...levels, memory, clock, onError: parts.onFailure })
  const others = createOtherStores({
    ...parts,
    shared: levels?.shared,
    apply: (name) => caches.apply(name),
  })
  const slot = gate.cacheSlot('responses')
  const caches = createResponseCaches<Refusal>({
    store: store ?? memory,
    ...(store !== undefined && { restore: store.restore }),
    // A client that changed something must not find the old response at another process, and an entry that
    // outlives this process must not outlive an invalidation that the others have not heard of.
    settled: async () => {
      await Promise.all([store?.settled(), others.settled()])
    },
    clock,
    canonicalTarget,
    waitersMax: config.waitersMax,
    waitMs: config.waitTimeout,
    onLookup: (result) => {
      if (result !== 'revalidated') gate.cacheLookup(slot, CACHE_RESULT[result])
    },
    onInvalidated: others.tell,
  })
  declareMetrics(parts.metrics, caches, others)
  if (store !== undefined) declareLevelMetrics(parts.metrics, store)
  if (store !== undefined) levels?.start(store)
  const unsubscribe = bus.subscribe((event) => {
    if (levels?.shared !== undefined) return
    // After a gap, any invalidation may have been missed. After mere silence none has: it will be delivered.
    if (event.kind === 'message') others.hear(event.message)
    else if (event.isSilence !== true) caches.apply(everyResponse)
  })
  return {
    caches,
    prefetching: createPrefetching(parts.prefetch, clock, parts.metrics),
    recallStage: (whole, route, recallParts, answer) =>
      createRecallStage(whole, route, { ...recallParts, responses: caches }, answer),
    close() {
      unsubscribe()
      store?.close()
    },
  }
}

/** The target of a Location field, written as the gate writes the targets of requests. */
function canonicalTarget(target: string): string | undefined {
  const query = target.indexOf('?')
  const path = canonicalizePath(query === -1 ? target : target.slice(0, query))
  return path.ok ? path.path + (query === -1 ? '' : target.slice(query)) : undefined
}

function declareMetrics(
  metrics: Metrics,
  caches: ResponseCaches<Refusal>,
  others: Pick<OtherStores, 'unconfirmed'>,
): void {
  const entries = metrics.gauge({
    name: 'tollgate_responses_stored',
    help: 'URLs with stored responses.',
  })
  const bytes = metrics.gauge({
    name: 'tollgate_responses_stored_bytes',
    help: 'Memory that stored responses take.',
  })
  const revalidated = metrics.counter({
    name: 'tollgate_responses_revalidated_total',
    help: 'Stored responses that an upstream confirmed by a 304.',
  })
  const invalidations = metrics.counter({
    name: 'tollgate_responses_invalidations_total',
    help: 'Invalidations of stored responses, by purge or by unsafe methods.',
  })
  const unconfirmed = metrics.counter({
    name: 'tollgate_responses_unconfirmed_total',
    help: 'Invalidations that another worker had not confirmed before they were answered.',
  })
  metrics.beforeSnapshot(() => {
    const stats = caches.stats()
    unconfirmed.set(0, others.unconfirmed())
    entries.set(0, stats.entries)
    bytes.set(0, stats.bytes)
    revalidated.set(0, stats.revalidated)
    invalidations.set(0, stats.invalidations)
  })
}

const LEVEL_RESULTS = [
  'hits',
  'misses',
  'stores',
  'fenced',
  'evictions',
  'expired',
  'corrupt',
  'unavailable',
] as const

function declareLevelMetrics(metrics: Metrics, store: LayeredStore): void {
  const results = metrics.counter({
    name: 'tollgate_cache_level_results_total',
    help: 'What the levels behind memory answered, and why entries were not kept.',
    labels: ['level', 'result'],
  })
  const bytes = metrics.gauge({
    name: 'tollgate_cache_level_bytes',
    help: 'Bytes that a level of this process takes.',
    labels: ['level'],
  })
  metrics.beforeSnapshot(() => {
    for (const [level, stats] of Object.entries(store.levels())) {
      bytes.set(bytes.slot(level), stats.bytes)
      for (const result of LEVEL_RESULTS) results.set(results.slot(level, result), stats[result])
    }
  })
}
