import type { IncomingRequest } from '../core/incoming-request.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { Connection } from './exchange.ts'
import { Exchange } from './exchange.ts'
import type { Route } from './route.ts'
import { canonicalizePath } from './routing/canonical-path.ts'
import type { RouteMatch } from './routing/router.ts'
import type { PlainTarget, Snapshot } from './snapshot.ts'

const PLAIN_TARGETS_MAX = 1024

/**
 * Begins the exchange of a request: checks Host, path and method, once, and finds the route. A request that is
 * refused here gets the route `unrouted` and carries its refusal.
 *
 * Targets that led to a route without parameters are remembered. A path that equals the path of such a route
 * needs no further proof that it is canonical. Only methods that a route names are let through, so CONNECT,
 * TRACE and unknown ones never pass.
 */
export function arrive(
  snapshot: Snapshot,
  request: IncomingRequest,
  connection: Connection,
  nowMs: number,
): Exchange {
  const host = snapshot.hosts.check(request.headers.get('host'))
  if (typeof host !== 'string') return refused(snapshot, request, connection, nowMs, host)
  const { target } = request
  const known = snapshot.plainTargets.get(target)
  if (known !== undefined) {
    return begin(snapshot, request, connection, nowMs, known.path, '', known.match)
  }
  if (target === '' || target.length > snapshot.uriCharactersMax) {
    const refusal = refuse(target === '' ? 'path_invalid' : 'uri_too_long')
    return refused(snapshot, request, connection, nowMs, refusal)
  }
  const queryAt = target.indexOf('?')
  let path = queryAt === -1 ? target : target.slice(0, queryAt)
  const query = queryAt === -1 ? '' : target.slice(queryAt)
  let match = snapshot.hostRouters.size === 0 ? snapshot.router.exact(path) : undefined
  if (match === undefined || query.includes('#')) {
    const found = search(snapshot, host, path, query)
    if ('code' in found) return refused(snapshot, request, connection, nowMs, found)
    path = found.path
    match = found.match
  } else if (queryAt === -1) remember(snapshot.plainTargets, target, { path, match })
  return begin(snapshot, request, connection, nowMs, path, query, match)
}

/** Remembers the target of a route without parameters. */
function remember(targets: Snapshot['plainTargets'], target: string, found: PlainTarget): void {
  if (targets.size >= PLAIN_TARGETS_MAX) targets.clear()
  targets.set(target, found)
}

function begin(
  snapshot: Snapshot,
  request: IncomingRequest,
  connection: Connection,
  nowMs: number,
  path: string,
  query: string,
  match: RouteMatch<Route>,
): Exchange {
  const bound = match.methods.get(request.method)
  if (bound === undefined) {
    return refused(snapshot, request, connection, nowMs, notAllowed(match))
  }
  return new Exchange(snapshot.world, connection, request, nowMs, bound, path, query, match.values)
}

/** The slow path: canonicalizes, then looks among the routes of this host, then among those of any host. */
function search(
  snapshot: Snapshot,
  host: string,
  raw: string,
  query: string,
): Refusal | { readonly path: string; readonly match: RouteMatch<Route> } {
  const canonical = canonicalizePath(raw)
  if (!canonical.ok) return refuse('path_invalid', { detail: canonical.reason })
  if (query.includes('#')) return refuse('path_invalid', { detail: 'query has a fragment' })
  const { path, bare } = canonical
  const match = find(snapshot, host, path)
  if (match === undefined) return refuse('route_unknown')
  // An upstream may strip `;` parameters from segments: without them the path must lead to the same route.
  if (bare !== undefined && match.values.some((value) => /;|%3B/.test(value))) {
    if (find(snapshot, host, bare)?.methods !== match.methods) return ELSEWHERE
  }
  return { path, match }
}

const find = (
  { hostRouters, router }: Snapshot,
  host: string,
  path: string,
): RouteMatch<Route> | undefined => hostRouters.get(host)?.find(path) ?? router.find(path)

const ELSEWHERE = refuse('path_invalid', {
  detail: 'path leads to another route without its parameters',
})

/** RFC 9110 §15.5.6: a 405 names the methods that are allowed. */
function notAllowed(match: RouteMatch<Route>): Refusal {
  return refuse('method_not_allowed', { headers: { allow: [...match.methods.keys()].join(', ') } })
}

const NOTHING: readonly string[] = []

function refused(
  snapshot: Snapshot,
  request: IncomingRequest,
  connection: Connection,
  nowMs: number,
  refusal: Refusal,
): Exchange {
  const { world, unrouted } = snapshot
  const bound = { method: request.method, target: unrouted, names: NOTHING }
  const exchange = new Exchange(world, connection, request, nowMs, bound, '', '', NOTHING)
  exchange.refusal = refusal
  return exchange
}
