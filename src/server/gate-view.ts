import type { Caller } from '../core/caller.ts'
import type { Outcome } from '../core/refusal.ts'
import { fail, REFUSALS, succeed } from '../core/refusal.ts'
import type { AllowListCounts, Connection, Live, Nouns } from '../gate/index.ts'
import { buildPerformanceReport } from '../signals/index.ts'
import type { Explanation, ExplainRequest, GateView, RouteListing } from './admin/index.ts'

/** What the admin API sees of the gate in force. */
export function createGateView(
  live: Live,
  nouns: Nouns,
  allowLists: AllowListCounts,
): GateView & { performance(): unknown } {
  const performance = (): unknown => ({
    ...buildPerformanceReport({
      metrics: nouns.signals.gate,
      timings: nouns.signals.timings,
      readings: nouns.signals.readings,
      layerTimingOneIn: live.config().signals.layerTimingOneIn,
      authenticationLayer: 'identify',
      allowLists: () => allowLists.counts((name) => nouns.policy.allowList(name)?.size ?? 0),
    }),
    credentials: nouns.identity.stats(),
    ledger: nouns.ledger.state(),
    upstreams: live.upstreams().stats(),
  })
  return {
    routes: () => listRoutes(live),
    upstreams: () => live.upstreams().stats(),
    stats: performance,
    performance,
    explain: (request) => explain(request, live, nouns),
  }
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
    scheme: new URL(request.url).protocol === 'https:' ? 'https' : 'http',
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

function requestOf(asked: ExplainRequest, live: Live): Request | undefined {
  const host = live.config().listen.hosts?.[0] ?? live.config().listen.address
  const url = asked.url.startsWith('/') ? `http://${host}${asked.url}` : asked.url
  try {
    const headers = new Headers(asked.headers)
    if (!headers.has('host')) headers.set('host', new URL(url).host)
    const body = METHODS_WITHOUT_BODY.has(asked.method) ? undefined : asked.body
    return new Request(url, { method: asked.method, headers, ...(body !== undefined && { body }) })
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
