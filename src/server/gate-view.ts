import type { IncomingRequest } from '../core/incoming-request.ts'
import { FetchRequest } from '../core/incoming-request.ts'
import type { Caller } from '../core/caller.ts'
import type { Outcome } from '../core/refusal.ts'
import { fail, REFUSALS, succeed } from '../core/refusal.ts'
import type { AllowListCounts, Connection, Live, Nouns } from '../gate/index.ts'
import type { PrefetchStats } from '../cache/index.ts'
import { prefetchHitRatio } from '../cache/index.ts'
import { addPrefetchStats } from '../gate/index.ts'
import { addDecisionLogs, mergeShadows } from '../policy/index.ts'
import type { PerformanceReport } from '../signals/index.ts'
import { buildPerformanceReport } from '../signals/index.ts'
import type { UpstreamStats } from '../upstream/index.ts'
import type { Explanation, ExplainRequest, GateView, RouteListing } from './admin/index.ts'
import { addCounts, mergePerformance, mergeUpstreams } from './workers/merge-performance.ts'
import type { WorkerFigures } from './workers/messages.ts'

/** What {@link createGateView} looks at. */
export interface GateViewParts {
  readonly live: Live
  readonly nouns: Nouns
  readonly allowLists: AllowListCounts
  /** Figures of worker processes, where they take the requests. */
  readonly workers: () => Promise<readonly WorkerFigures[]>
}

/** What the admin API sees of the gate in force. */
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
      prefetch: prefetchOf(nouns, workers),
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
    explain: (request) => explain(request, live, nouns),
  }
}

/** The performance of this process. */
export function performanceOf(
  live: Live,
  { signals, policy }: Pick<Nouns, 'signals' | 'policy'>,
  allowLists: AllowListCounts,
): PerformanceReport {
  // Taking a snapshot works off what the tally holds: the newest requests count too.
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

/** What was fetched ahead, in all processes. */
function prefetchOf(
  { responses }: Nouns,
  workers: readonly WorkerFigures[],
): PrefetchStats & { readonly hitRatio: number | null } {
  const sum = addPrefetchStats([
    responses.prefetching.stats(),
    ...workers.map(({ prefetch }) => prefetch),
  ])
  return { ...sum, hitRatio: prefetchHitRatio(sum) }
}

const timingsOf = ({ signals }: Nouns): WorkerFigures['timings'] => signals.timings.state()

/** Where workers take the requests, only they know how their upstreams do. */
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

const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD'])

async function explain(
  asked: ExplainRequest,
  live: Live,
  nouns: Nouns,
): Promise<Outcome<Explanation>> {
  const request = requestOf(asked, live)
  if (request === undefined) return fail('request_invalid', { detail: 'Not a request.' })
  const preset = await callerOf(asked, nouns)
  if (preset !== undefined && !preset.ok) return preset
  const connection: Connection = {
    scheme: new URL(request.toRequest().url).protocol === 'https:' ? 'https' : 'http',
    peerAddress: () => asked.address ?? '127.0.0.1',
  }
  const found = await live.gate.explain(request, connection, preset?.value)
  const { caller, notes, refusal } = found
  return succeed({
    outcome: refusal === undefined ? 'allow' : 'refuse',
    status: refusal === undefined ? found.status : REFUSALS[refusal.code].status,
    code: refusal?.code ?? null,
    detail: refusal?.detail ?? null,
    route: found.route ?? null,
    caller: caller.kind === 'anonymous' ? null : { ...callerView(caller) },
    layers: notes.map(({ rule, ...note }) => ({ ...note, rule: rule ?? null })),
    durationNs: notes.reduce((total, note) => total + note.durationNs, 0),
    policyRevision: nouns.policy.revision(),
    configRevision: live.revision(),
  })
}

const callerView = ({ kind, id, tenantId, roles }: Caller) => ({ kind, id, tenantId, roles })

function requestOf(asked: ExplainRequest, live: Live): IncomingRequest | undefined {
  const host = live.config().listen.hosts?.[0] ?? live.config().listen.address
  const url = asked.url.startsWith('/') ? `http://${host}${asked.url}` : asked.url
  try {
    const headers = new Headers(asked.headers)
    if (!headers.has('host')) headers.set('host', new URL(url).host)
    const body = METHODS_WITHOUT_BODY.has(asked.method) ? undefined : asked.body
    const init = { method: asked.method, headers, ...(body !== undefined && { body }) }
    return new FetchRequest(new Request(url, init))
  } catch {
    return undefined
  }
}

/** The caller that a key stands for, without its secret. */
async function callerOf(
  { keyId, tenantId }: ExplainRequest,
  { identity, policy }: Nouns,
): Promise<Outcome<Caller> | undefined> {
  if (keyId === undefined) return undefined
  if (tenantId === undefined) return fail('request_invalid', { detail: 'A key needs its tenant.' })
  const key = await identity.keys.get(tenantId, keyId)
  if (!key.ok) return key
  const { value } = key
  if (value.status !== 'active') return fail('conflict', { detail: `The key is ${value.status}.` })
  const { roles, permissions } = await policy.compile({
    tenantId,
    roles: value.roles,
    permissions: value.permissions,
    ...(value.userId !== null && { subjectId: value.userId }),
  })
  return succeed({
    kind: 'key',
    id: value.id,
    tenantId,
    userId: value.userId ?? undefined,
    roles,
    permissions,
    plan: value.plan ?? undefined,
    limits: value.limits ?? undefined,
    expiresAtMs: value.expiresAtMs ?? Infinity,
    allowsAddress: undefined,
  })
}
