import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import { splitTarget } from './arrival.ts'
import type { Route } from './route.ts'
import { canonicalizePath } from './routing/canonical-path.ts'
import type { Bound, RouteMatch } from './routing/router.ts'
import type { Snapshot } from './snapshot.ts'

/** Where a request goes: the route, the canonical path, and what its pattern matched. */
export interface Located {
  readonly path: string
  readonly query: string
  readonly bound: Bound<Route>
  readonly values: readonly string[]
}

/**
 * Finds the route of a request: Host, path and method are checked here, once. A path that is itself
 * the path of a route without parameters is canonical by that alone.
 *
 * Methods are compared with those that routes name, so CONNECT, TRACE and unknown ones never pass.
 */
export function findRoute(snapshot: Snapshot, request: Request): Located | Refusal {
  const host = snapshot.hosts.check(request.headers.get('host'))
  if (typeof host !== 'string') return host
  const { url, method } = request
  if (url.length > snapshot.uriCharactersMax) return refuse('uri_too_long')
  const target = splitTarget(url)
  if ('code' in target) return target
  const { query } = target
  let { path } = target
  let match = snapshot.hostRouters.size === 0 ? snapshot.router.exact(path) : undefined
  if (match === undefined) {
    const canonical = canonicalizePath(path)
    if (!canonical.ok) return refuse('path_invalid', { detail: canonical.reason })
    path = canonical.path
    match = snapshot.hostRouters.get(host)?.find(path) ?? snapshot.router.find(path)
    if (match === undefined) return refuse('route_unknown')
  }
  const bound = match.methods.get(method)
  if (bound === undefined) return notAllowed(match)
  return { path, query, bound, values: match.values }
}

/** RFC 9110 §15.5.6: a 405 names the methods that are allowed. */
function notAllowed(match: RouteMatch<Route>): Refusal {
  return refuse('method_not_allowed', { headers: { allow: [...match.methods.keys()].join(', ') } })
}
