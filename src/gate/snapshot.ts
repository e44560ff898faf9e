import type { HostCheck } from './host-check.ts'
import type { ExchangeWorld } from './exchange.ts'
import type { Recorder } from './record.ts'
import type { Route } from './route.ts'
import type { RouteMatch, Router } from './routing/router.ts'

/** What a target without query led to: the path of a route without parameters. */
export interface PlainTarget {
  readonly path: string
  readonly match: RouteMatch<Route>
}

/**
 * Everything that a configuration compiles to. A reload makes a new snapshot and swaps it in at once; requests in
 * flight finish on the one they began with.
 */
export interface Snapshot {
  readonly hosts: HostCheck
  /** All routes by id. */
  readonly routes: ReadonlyMap<string, Route>
  /** Routes for any host. */
  readonly router: Router<Route>
  /** Routes of single hosts; they win over those for any host. */
  readonly hostRouters: ReadonlyMap<string, Router<Route>>
  /** Recent targets that led to routes without parameters; stays empty where a host has routes of its own. */
  readonly plainTargets: Map<string, PlainTarget>
  readonly uriCharactersMax: number
  readonly world: ExchangeWorld
  readonly record: Recorder
  /** The route under which requests count that match none. */
  readonly unrouted: Route
}
