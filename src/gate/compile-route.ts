import type { CallerKind } from '../core/caller.ts'
import type { Clock } from '../core/clock.ts'
import type { Limiter } from '../limits/index.ts'
import type { Policy } from '../policy/index.ts'
import type { RequestCheck, RequestSpec } from '../shield/index.ts'
import { requestConfig } from '../shield/index.ts'
import type { GateMetrics, Traces } from '../signals/index.ts'
import type { Upstreams } from '../upstream/index.ts'
import type { BanCheck } from './admit.ts'
import { createAdmit } from './admit.ts'
import { createAuthorize } from './authorize.ts'
import type { GatewayConfig, RouteConfig } from './config/index.ts'
import { createForward } from './forward.ts'
import type { Handler } from './handler.ts'
import { createHandlerStage } from './handler.ts'
import { createIdentify } from './identify.ts'
import type { LimitStage } from './limit.ts'
import { createLimit } from './limit.ts'
import type { LoginAction } from './login/routes.ts'
import type { Accounts } from './login/stage.ts'
import { createLoginStage } from './login/stage.ts'
import type { Responses } from './assembly/responses.ts'
import type { Ahead, RouteAhead } from './ahead.ts'
import type { RecallStage } from './recall.ts'
import { parsePattern } from './routing/pattern.ts'
import { PATH } from './path.ts'
import type { PolicyDeciders } from './policy-decider.ts'
import type { BodyReader } from './read-body.ts'
import { createBodyReader } from './read-body.ts'
import { compileValueSource } from './read-value.ts'
import { createRespond } from './respond.ts'
import type { Route } from './route.ts'
import type { StageBody, StageName } from './stage.ts'
import { createValidate } from './validate.ts'

/** What routes are put together from. */
export interface RouteParts {
  readonly identity: Accounts
  readonly policy: Pick<Policy, 'allowList'>
  /** The policies in Rego that routes name. */
  readonly deciders: PolicyDeciders
  readonly bans: BanCheck
  readonly limiter: Limiter
  readonly upstreams: Pick<Upstreams, 'get'>
  readonly metrics: GateMetrics
  readonly traces: Traces
  readonly clock: Clock
  /** Whether a peer is a trusted proxy in front of the gate. */
  readonly trustsPeer: (address: string) => boolean
  /** Answers routes with `handler`; absent where no program embeds the gate. */
  readonly handler?: Handler | undefined
  readonly countAllowList: (list: string, hit: boolean) => void
  /** Stored responses; absent where no route asks for them. */
  readonly responses?: Pick<Responses, 'recallStage'> | undefined
  /** Fetches ahead; absent where nothing is. */
  readonly ahead?: Ahead | undefined
}

/** The methods that a route answers: GET implies HEAD (RFC 9110 §9.3.2). */
export function methodsOf({ methods }: RouteConfig): readonly string[] {
  return methods.includes('GET') ? [...new Set([...methods, 'HEAD'])] : methods
}

const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The largest body of a route. */
const bodyBytesMaxOf = (config: GatewayConfig, route: RouteConfig): number =>
  route.bodyMax ?? config.defaults.bodyMax

/** What requests of a route must look like, with the configuration's defaults filled in. */
export function requestOf(config: GatewayConfig, route: RouteConfig): RequestSpec {
  const base = requestConfig.parse({})
  return { ...base, ...route.request, bodyMax: bodyBytesMaxOf(config, route) }
}

/** Compiles a route: the stages that its configuration asks for, in the order of {@link PATH}. */
export function compileRoute(
  config: GatewayConfig,
  route: RouteConfig,
  parts: RouteParts,
  check: RequestCheck,
  login?: LoginAction,
): Route {
  const readBody = createBodyReader(check)
  const streams =
    !check.checksBody && route.methods.some((method) => !METHODS_WITHOUT_BODY.has(method))
  const admit = createAdmit(parts.bans, streams ? bodyBytesMaxOf(config, route) : undefined)
  const identify = identifyStage(route, parts)
  const answer =
    login === undefined || config.login === undefined
      ? answerStage(config, route, parts, [admit, identify])
      : createLoginStage(login, {
          config: config.login,
          accounts: parts.identity,
          trustsPeer: parts.trustsPeer,
        })
  const limit = limitStage(config, route, parts)
  const recall = recallStage(config, route, parts, answer)
  const stages: Readonly<Record<StageName, StageBody | undefined>> = {
    admit,
    identify,
    limit,
    authorize: authorizeStage(route, parts, readBody),
    validate: check.checksHead || check.checksBody ? createValidate(check, readBody) : undefined,
    recall,
    forward: answer,
  }
  const inOrder = PATH.flatMap((name, layer) => {
    const stage = stages[name]
    return stage === undefined ? [] : { name, layer, run: stage.run }
  })
  return {
    id: route.id,
    template: route.path,
    stages: inOrder,
    tally: {
      slot: parts.metrics.routeSlot(route.path),
      layers: inOrder.map((stage) => stage.layer),
    },
    action: route.permission ?? route.id,
    audited: route.audit,
    ahead: aheadOf(route, recall, limit),
  }
}

function recallStage(
  config: GatewayConfig,
  route: RouteConfig,
  parts: RouteParts,
  answer: StageBody,
): RecallStage | undefined {
  if (route.cache === undefined) return undefined
  if (parts.responses === undefined) throw new Error('the store of responses has not been loaded')
  return parts.responses.recallStage(config, route, parts, answer)
}

function aheadOf(
  { path, cost, cache }: RouteConfig,
  recall: RecallStage | undefined,
  limit: LimitStage | undefined,
): RouteAhead | undefined {
  const pattern = parsePattern(path)
  if (recall === undefined || cache?.prefetch !== true || !pattern.ok) return undefined
  return {
    segments: pattern.segments,
    hasRoom: limit && (async (exchange) => limit.hasRoom(exchange, cost)),
    fetch: recall.fetchAhead,
  }
}

/** The route that stands in for requests that match none. */
export function createUnrouted(metrics: GateMetrics): Route {
  const template = 'unrouted'
  const tally = { slot: metrics.routeSlot(template), layers: [] }
  return { id: template, template, stages: [], tally, action: template, audited: true }
}

function identifyStage(route: RouteConfig, parts: RouteParts): StageBody | undefined {
  const accepted: readonly CallerKind[] = route.credentials
  if (accepted.every((kind) => kind === 'anonymous')) return undefined
  return createIdentify(accepted, parts.identity, parts.bans)
}

function limitStage(
  config: GatewayConfig,
  route: RouteConfig,
  { limiter, metrics }: RouteParts,
): LimitStage | undefined {
  const names = route.limits ?? config.defaults.limits
  if (names.length === 0) return undefined
  const slots = new Map(names.map((name) => [name, metrics.limitSlot(name)]))
  return createLimit({
    plan: limiter.prepare({
      limits: names,
      cost: route.cost,
      routeId: route.id,
      reports: config.defaults.limitHeaders,
    }),
    countsAddresses: names.some((name) => [config.limits[name]?.by].flat().includes('address')),
    sendHeaders: config.defaults.limitHeaders,
    peek: (caller, limit, address) =>
      limiter.peek({
        limit,
        address,
        routeId: route.id,
        tenantId: caller.tenantId,
        ...(caller.id !== '' && { keyId: caller.id }),
        ...(caller.userId !== undefined && { userId: caller.userId }),
        ...(caller.plan !== undefined && { plan: caller.plan }),
        ...(caller.limits !== undefined && { limits: caller.limits }),
      }),
    onRefusal: (limit) => metrics.limitRejected(slots.get(limit) ?? 0),
  })
}

function authorizeStage(
  route: RouteConfig,
  parts: RouteParts,
  readBody: BodyReader,
): StageBody | undefined {
  const { permission, tenant, allowList } = route
  const asksNothing = permission === undefined && tenant === undefined && allowList === undefined
  if (asksNothing && route.policy === undefined) return undefined
  const list = allowList && parts.policy.allowList(allowList.list)
  if (allowList !== undefined && list === undefined) {
    throw new RangeError(`no allow-list is named ${allowList.list}`)
  }
  const policy = route.policy === undefined ? undefined : parts.deciders.get(route.policy)
  if (route.policy !== undefined && policy === undefined) {
    throw new RangeError(`no policy is named ${route.policy}`)
  }
  return createAuthorize({
    permission,
    tenant: tenant === undefined ? undefined : compileValueSource(tenant),
    allowList: allowList && list && { list, value: compileValueSource(allowList.value) },
    policy,
    readBody,
    countAllowList: (hit) => parts.countAllowList(allowList?.list ?? '', hit),
  })
}

/** @param known the stages that know the connection and the caller. */
function answerStage(
  config: GatewayConfig,
  route: RouteConfig,
  parts: RouteParts,
  known: readonly (StageBody | undefined)[],
): StageBody {
  if (route.respond !== undefined) return createRespond(route.respond)
  if (route.handler !== undefined && parts.handler !== undefined) {
    return createHandlerStage(parts.handler, route.id, bodyBytesMaxOf(config, route))
  }
  const upstream = parts.upstreams.get(route.upstream ?? '')
  if (upstream === undefined) throw new RangeError(`no upstream is named ${route.upstream}`)
  const { traces, metrics, trustsPeer, clock } = parts
  return createForward({
    upstream,
    route,
    traces,
    metrics,
    trustsPeer,
    monotonicMs: clock.monotonicMs,
    silenceMs: silenceMsOf(config, route),
    bodyBytesMax: bodyBytesMaxOf(config, route),
    guards: {
      stages: known.filter((stage) => stage !== undefined),
      permission: route.permission,
      nowMs: clock.nowMs,
    },
  })
}

/** How long a forwarded request may be silent, where that is longer than the server's own idle timeout. */
function silenceMsOf(config: GatewayConfig, route: RouteConfig): number | undefined {
  const timeouts = config.upstreams[route.upstream ?? '']?.timeouts
  const { firstByte = 0, idle = 0 } = timeouts ?? {}
  const silenceMs = Math.max(route.timeout ?? 0, firstByte, idle)
  return silenceMs > config.listen.idleTimeout ? silenceMs : undefined
}
