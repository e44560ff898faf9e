import type { Clock } from '../core/clock.ts'
import { createClientAddress, createTrustedPeers } from '../core/client-address.ts'
import type { Shield } from '../shield/index.ts'
import { createShield } from '../shield/index.ts'
import type { RequestIds } from '../signals/index.ts'
import type { Prefetchers } from './ahead.ts'
import { createAhead } from './ahead.ts'
import { createHostCheck } from './host-check.ts'
import type { RouteParts } from './compile-route.ts'
import { compileRoute, createUnrouted, methodsOf, requestOf } from './compile-route.ts'
import type { GatewayConfig, RouteConfig } from './config/index.ts'
import type { ExchangeWorld } from './exchange.ts'
import type { LoginAction } from './login/routes.ts'
import { loginRoutes } from './login/routes.ts'
import type { Recorder } from './record.ts'
import type { Route } from './route.ts'
import { parsePattern } from './routing/pattern.ts'
import type { RouteEntry, Router } from './routing/router.ts'
import { createRouter, RouteConflictError } from './routing/router.ts'
import type { Snapshot } from './snapshot.ts'

/** The parts a gate is put together from. All but the upstreams outlive a configuration. */
export interface GateParts extends Omit<RouteParts, 'trustsPeer' | 'ahead'> {
  /** What fetches ahead for routes that ask for it; absent where none does. */
  readonly prefetchers: Prefetchers | undefined
  readonly clock: Clock
  readonly requestIds: RequestIds
  readonly record: Recorder
}

/** Something that a configuration asks for and cannot have, and where it asks for it. */
export interface CompileProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A compiled configuration, or everything that is wrong with it. */
export type CompileOutcome =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] }

interface CompiledRoute {
  /** Where the configuration asks for it. */
  readonly at: CompileProblem['path']
  readonly host: string | undefined
  readonly entry: RouteEntry<Route>
}

/** Compiles a configuration to a {@link Snapshot}. Nothing changes until the snapshot is put in force. */
export function compileGate(config: GatewayConfig, parts: GateParts): CompileOutcome {
  const shield = createShield(config.schemas)
  if (!shield.ok) {
    const problems = shield.problems.map(({ path, message }) => ({
      path: ['schemas', ...path],
      message,
    }))
    return { ok: false, problems }
  }
  const problems: CompileProblem[] = []
  const ahead = parts.prefetchers && createAhead(parts.prefetchers, parts.clock)
  const routes = compileRoutes(config, { ...parts, ahead }, shield.value, problems)
  const routers = new Map<string | undefined, Router<Route>>()
  for (const host of new Set(routes.map((route) => route.host))) {
    const built = routerOf(routes.filter((route) => route.host === host))
    problems.push(...built.problems)
    routers.set(host, built.router)
  }
  if (problems.length > 0) return { ok: false, problems }
  const byId = new Map(routes.map(({ entry }) => [entry.target.id, entry.target]))
  const snapshot = createSnapshot(config, parts, routers, byId)
  ahead?.bind(snapshot)
  return { ok: true, snapshot }
}

function compileRoutes(
  config: GatewayConfig,
  parts: GateParts & Pick<RouteParts, 'ahead'>,
  shield: Shield,
  problems: CompileProblem[],
): CompiledRoute[] {
  const trustsPeer = createTrustedPeers(config.listen.trustedProxies)
  return routesOf(config).flatMap(({ route, at, login }) => {
    const limits = route.limits ?? config.defaults.limits
    const own = parts.limiter
      .problems(limits, route.cost)
      .map((message): CompileProblem => ({ path: [...at, 'limits'], message }))
    const check = shield.compile(requestOf(config, route))
    if (!check.ok) {
      for (const { path, message } of check.problems) {
        own.push({ path: [...at, 'request', ...path], message })
      }
    }
    if (route.handler !== undefined && parts.handler === undefined) {
      const message =
        '`handler` needs a program that embeds the gate and hands it one; use `upstream` or `respond`'
      own.push({ path: [...at, 'handler'], message })
    }
    problems.push(...own)
    const pattern = parsePattern(route.path)
    if (own.length > 0 || !check.ok || !pattern.ok) return []
    const target = compileRoute(config, route, { ...parts, trustsPeer }, check.value, login)
    const entry = { segments: pattern.segments, methods: methodsOf(route), target }
    return [{ at, host: route.host, entry }]
  })
}

/** The routes of the configuration, and those of the login. */
function routesOf(config: GatewayConfig): readonly {
  readonly route: RouteConfig
  readonly at: CompileProblem['path']
  readonly login?: LoginAction
}[] {
  return [
    ...config.routes.map((route, index) => ({ route, at: ['routes', index] })),
    ...loginRoutes(config).map(({ route, action }) => ({ route, at: ['login'], login: action })),
  ]
}

/** A router of one host's routes, and the problems of those that had to be left out of it. */
function routerOf(group: readonly CompiledRoute[]): {
  readonly router: Router<Route>
  readonly problems: readonly CompileProblem[]
} {
  const problems: CompileProblem[] = []
  const remaining = [...group]
  for (;;) {
    try {
      return { router: createRouter(remaining.map(({ entry }) => entry)), problems }
    } catch (error) {
      if (!(error instanceof RouteConflictError)) throw error
      const [left] = remaining.splice(error.position, 1)
      problems.push({ path: [...(left?.at ?? []), 'path'], message: error.message })
    }
  }
}

function createSnapshot(
  config: GatewayConfig,
  parts: GateParts,
  routers: ReadonlyMap<string | undefined, Router<Route>>,
  routes: ReadonlyMap<string, Route>,
): Snapshot {
  const hostRouters = [...routers].flatMap(([host, router]) =>
    host === undefined ? [] : [[host, router] as const],
  )
  return {
    hosts: createHostCheck(config.listen.hosts),
    routes,
    router: routers.get(undefined) ?? createRouter<Route>([]),
    hostRouters: new Map(hostRouters),
    plainTargets: new Map(),
    uriCharactersMax: config.listen.uriMax,
    world: createWorld(config, parts.requestIds),
    record: parts.record,
    unrouted: createUnrouted(parts.metrics),
  }
}

/** What exchanges need from the server's configuration: the client's address and the request id. */
function createWorld(config: GatewayConfig, requestIds: RequestIds): ExchangeWorld {
  const { trustedProxies } = config.listen
  const addressOf = createClientAddress(trustedProxies)
  const isTrusted = createTrustedPeers(trustedProxies)
  return {
    clientAddress: (request, peer) => addressOf(peer, request.headers),
    requestId:
      trustedProxies.length === 0
        ? () => requestIds.next()
        : ({ request, peer }) =>
            requestIds.accept(request.headers.get('x-request-id'), isTrusted(peer)),
  }
}
