import type { Outcome } from '../core/refusal.ts'
import type { AllowListCounts, Live, Nouns } from '../gate/index.ts'
import { reportPrefetches } from '../gate/index.ts'
import { addDecisionLogs, mergeShadows } from '../policy/index.ts'
import type { PerformanceReport } from '../signals/index.ts'
import { buildPerformanceReport } from '../signals/index.ts'
import type { UpstreamStats } from '../upstream/index.ts'
import type { Explanation, ExplainRequest, GateView, RouteListing } from './admin/index.ts'
import { explainHere } from './explain-here.ts'
import { addCounts, mergePerformance, mergeUpstreams } from './workers/merge-performance.ts'
import type { WorkerFigures } from './workers/messages.ts'

/** What {@link createGateView} needs. */
export interface GateViewParts {
  readonly live: Live
  readonly nouns: Nouns
  readonly allowLists: AllowListCounts
  /** Figures of the worker processes, if they take the requests. */
  readonly workers: () => Promise<readonly WorkerFigures[]>
  /** Explains a request in the worker processes; empty if there are none. */
  readonly explainInWorkers: (request: ExplainRequest) => Promise<readonly Outcome<Explanation>[]>
}

/** The admin API's view of the gate in force. */
export function createGateView(
  parts: GateViewParts,
): GateView & { performance(): Promise<unknown> } {
  const { live, nouns, allowLists } = parts
  const performance = async (): Promise<unknown> => {
    const workers = await parts.workers()
    const own = { performance: performanceOf(live, nouns, allowLists), timings: timingsOf(nouns) }
    return {
      ...mergePerformance([own, ...workers]),
      credentials: addCounts([
        { ...nouns.identity.stats() },
        ...workers.map(({ credentials }) => credentials),
      ]),
      prefetch: reportPrefetches([
        nouns.responses.current()?.prefetching.stats(),
        ...workers.map(({ prefetch }) => prefetch),
      ]),
      ledger: nouns.ledger.state(),
      upstreams: upstreamsOf(live, workers),
      policies: live.policies(),
      decisionLog: addDecisionLogs([
        live.decisionLog(),
        ...workers.map(({ decisionLog }) => decisionLog),
      ]),
    }
  }
  return {
    routes: () => listRoutes(live),
    upstreams: async () => upstreamsOf(live, await parts.workers()),
    policies: () => live.policies(),
    shadows: async () => {
      const workers = await parts.workers()
      return mergeShadows([live.shadows(), ...workers.map(({ shadows }) => shadows)])
    },
    stats: performance,
    performance,
    async explain(request) {
      const [first, ...others] = await parts.explainInWorkers(request)
      if (first === undefined) return explainHere(request, live, nouns, 'main')
      // Each process has its own memory: one that remembers the answer tells more than one that does not.
      return [first, ...others].find(isRecalled) ?? first
    },
  }
}

/** The performance of this process. */
export function performanceOf(
  live: Live,
  { signals, policy }: Pick<Nouns, 'signals' | 'policy'>,
  allowLists: AllowListCounts,
): PerformanceReport {
  // Taking a snapshot processes what the tally holds, so that the newest requests count, too.
  signals.metrics.snapshot()
  return buildPerformanceReport({
    metrics: signals.gate,
    timings: signals.timings,
    readings: signals.readings,
    layerTimingOneIn: live.config().signals.layerTimingOneIn,
    authenticationLayer: 'identify',
    allowLists: () => allowLists.counts((name) => policy.allowList(name)?.size ?? 0),
  })
}

const timingsOf = ({ signals }: Nouns): WorkerFigures['timings'] => signals.timings.state()

/** If workers take the requests, only they know the state of their upstreams. */
function upstreamsOf(live: Live, workers: readonly WorkerFigures[]): readonly UpstreamStats[] {
  if (workers.length === 0) return live.upstreams().stats()
  return mergeUpstreams(workers.map(({ upstreams }) => upstreams))
}

function listRoutes(live: Live): readonly RouteListing[] {
  const config = live.config()
  return config.routes.map((route) => ({
    id: route.id,
    host: route.host ?? null,
    path: route.path,
    methods: route.methods,
    credentials: route.credentials,
    permission: route.permission ?? null,
    limits: route.limits ?? config.defaults.limits,
    cost: route.cost,
    upstream: route.upstream ?? null,
    stages: live.gate.snapshot.routes.get(route.id)?.stages.map((stage) => stage.name) ?? [],
  }))
}

const isRecalled = (explained: Outcome<Explanation>): boolean =>
  explained.ok &&
  explained.value.layers.some(({ layer, verdict }) => layer === 'recall' && verdict === 'answer')
