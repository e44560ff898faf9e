import type { Prefetcher, PrefetchStats } from '../../cache/index.ts'
import { createPrefetcher, createRouteModel, ROUTE_MODEL_DEFAULTS } from '../../cache/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { Metrics } from '../../signals/index.ts'
import type { Prefetchers } from '../ahead.ts'
import type { GatewayConfig } from '../config/index.ts'
import { addPrefetchStats, prefetchHitRatio } from './prefetch-stats.ts'

/** {@link Prefetchers}, and what they did. */
export interface Prefetching extends Prefetchers {
  stats(): PrefetchStats
}

/** One or two requests are likely to follow another. */
const PER_VISIT_MAX = 2
/** A request that comes later than this does not count as following. */
const PAUSE_MS_MAX = 60_000

/** Creates the {@link Prefetching} of a process. */
export function createPrefetching(
  config: GatewayConfig['cache']['prefetch'],
  { monotonicMs }: Clock,
  metrics: Metrics,
): Prefetching {
  const create = (): Prefetcher =>
    createPrefetcher({
      model: createRouteModel({
        ...ROUTE_MODEL_DEFAULTS,
        stepsMin: config.observations,
        probabilityMin: config.probability,
      }),
      monotonicMs,
      callersMax: config.callers,
      atOnceMax: config.atOnce,
      perVisitMax: PER_VISIT_MAX,
      pauseMsMax: PAUSE_MS_MAX,
    })
  const known = create()
  const strangers = create()
  const stats = (): PrefetchStats => addPrefetchStats([known.stats(), strangers.stats()])
  declareMetrics(metrics, stats)
  return { known, strangers, stats }
}

const RESULTS = ['fetched', 'used', 'known', 'pointless', 'refused', 'failed', 'crowded'] as const

function declareMetrics(metrics: Metrics, stats: () => PrefetchStats): void {
  const results = metrics.counter({
    name: 'tollgate_prefetch_total',
    help: 'Responses fetched ahead, how many of them were used, and why others were not fetched.',
    labels: ['result'],
  })
  const ratio = metrics.gauge({
    name: 'tollgate_prefetch_hit_ratio',
    help: 'Share of the responses fetched ahead that were asked for next; of several processes the least.',
    merge: 'min',
  })
  metrics.beforeSnapshot(() => {
    const now = stats()
    if (now.callers === 0) return
    for (const result of RESULTS) results.set(results.slot(result), now[result])
    const share = prefetchHitRatio(now)
    if (share !== null) ratio.set(ratio.slot(), share)
  })
}
