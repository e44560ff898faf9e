import type { RouteCacheConfig } from '../cache/configuration.ts'
import type { RecallOptions, ResponseCaches } from '../cache/index.ts'
import { AVAILABLE_CODINGS, TARGETED_FIELDS } from '../cache/index.ts'
import { clientScheme } from '../core/client-address.ts'
import { sha256 } from '../core/digest.ts'
import { toBase64Url } from '../core/bytes.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Ahead } from './ahead.ts'
import type { GatewayConfig, RouteConfig } from './config/index.ts'
import type { Exchange } from './exchange.ts'
import type { RecallStage } from './recall.ts'
import { createRecall } from './recall.ts'
import type { StageBody } from './stage.ts'

/** What the stage `recall` needs from the gate. */
export interface RecallParts {
  readonly trustsPeer: (address: string) => boolean
  readonly ahead?: Ahead | undefined
}

/** The `recall` stage of a route; `undefined` where its configuration does not ask for one. */
export function createRecallStage(
  config: GatewayConfig,
  route: RouteConfig,
  parts: RecallParts & { readonly responses: ResponseCaches<Refusal> },
  answer: StageBody,
): RecallStage | undefined {
  const { responses, trustsPeer, ahead } = parts
  const { cache } = route
  if (cache === undefined || route.respond !== undefined) return undefined
  const upstream = config.upstreams[route.upstream ?? '']
  // A program that embeds the gate sees requests as they came.
  const passed = upstream === undefined ? true : upstream.passCredentials
  const passes = (name: string): boolean => (Array.isArray(passed) ? passed.includes(name) : passed)
  return createRecall({
    cache: responses.route(recallOptions(route.id, cache)),
    answer,
    routeKey: `${route.id}.${fingerprint([route, upstream])}`,
    scope: cache.scope,
    passesCookies: passes('cookie'),
    passesKeys: passes('x-api-key'),
    schemeOf: createSchemeOf(config, trustsPeer),
    onPassed: cache.prefetch ? ahead?.visit : undefined,
  })
}

/** A digest of configuration, so that what was stored under another configuration is no longer found. */
const fingerprint = (parts: readonly unknown[]): string =>
  toBase64Url(sha256(JSON.stringify(parts))).slice(0, 12)

function createSchemeOf(
  { listen }: GatewayConfig,
  trustsPeer: (address: string) => boolean,
): (exchange: Exchange) => string {
  if (listen.trustedProxies.length === 0) return ({ connection }) => connection.scheme
  return ({ connection, peer, request }) =>
    trustsPeer(peer) ? clientScheme(request.headers, connection.scheme) : connection.scheme
}

function recallOptions(route: string, cache: RouteCacheConfig): RecallOptions {
  const { compress } = cache
  return {
    route,
    targeted: TARGETED_FIELDS,
    heuristicShare: cache.heuristics,
    heuristicMaxMs: cache.heuristicsMax,
    disconnectedMs: cache.staleIfDown,
    storesSetCookie: cache.setCookie,
    honorsRequests: cache.requestDirectives,
    sendsStatus: cache.status,
    surrogateFields: cache.surrogateKeys.headers,
    stripsSurrogates: cache.surrogateKeys.strip,
    makesTags: cache.etags,
    codings:
      compress === false
        ? []
        : compress.codings.filter((coding) => AVAILABLE_CODINGS.includes(coding)),
    codeBytesMin: compress === false ? Infinity : compress.minSize,
    codesStreams: compress !== false && compress.streams,
    bodyBytesMax: cache.bodyMax,
    variantsMax: cache.variantsMax,
    coalesces: cache.coalesce,
    keepMs: cache.keep,
  }
}
