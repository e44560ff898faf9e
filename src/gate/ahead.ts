import type { Prefetcher, PrefetchOutcome, Visit } from '../cache/index.ts'
import type { Clock } from '../core/clock.ts'
import { FetchRequest } from '../core/incoming-request.ts'
import { arrive } from './arrive.ts'
import type { Connection, Exchange } from './exchange.ts'
import type { PatternSegment } from './routing/pattern.ts'
import type { Snapshot } from './snapshot.ts'

/** What learns and predicts. They are kept apart: strangers must not shape what is fetched for known callers. */
export interface Prefetchers {
  readonly known: Prefetcher
  readonly strangers: Prefetcher
}

/** How responses of a route are fetched ahead; absent from routes where they are not. */
export interface RouteAhead {
  readonly segments: readonly PatternSegment[]
  /** Whether the caller's limits would admit such a request now; nothing is taken from them. */
  readonly hasRoom: ((exchange: Exchange) => Promise<boolean>) | undefined
  /** Fetches into the cache what would answer this exchange, which has passed every stage that may refuse. */
  fetch(exchange: Exchange): Promise<PrefetchOutcome>
}

/** Fetches ahead what callers are likely to ask for next. */
export interface Ahead {
  /** Notes that an exchange passed every stage that may refuse. */
  visit(exchange: Exchange): void
  /** Hands over the snapshot in which routes are looked up; nothing is fetched before that. */
  bind(snapshot: Snapshot): void
}

/** Headers that a request made ahead must not take over from the one it follows. */
const OF_ONE_REQUEST = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
  'cache-control',
  'pragma',
  'expect',
  'upgrade',
  'content-length',
  'content-type',
  'transfer-encoding',
  'traceparent',
  'tracestate',
  'x-request-id',
]

/** Tells the upstream that nobody has asked yet (Fetch §3.8): it may answer differently, or not at all. */
const PURPOSE = 'sec-purpose'

/** Creates an {@link Ahead}. */
export function createAhead(prefetchers: Prefetchers, clock: Clock): Ahead {
  let snapshot: Snapshot | undefined
  return {
    bind(compiled) {
      snapshot = compiled
    },
    visit(exchange) {
      const { caller, route, pathValues, query, request } = exchange
      const found = snapshot
      if (found === undefined || exchange.method !== 'GET' || request.headers.has(PURPOSE)) return
      const visit = { route: route.id, parameters: pathValues, query }
      const isKnown = caller.kind !== 'anonymous'
      const name = isKnown ? `${caller.tenantId} ${caller.kind} ${caller.id}` : exchange.address
      const prefetcher = isKnown ? prefetchers.known : prefetchers.strangers
      prefetcher.visit(name, visit, async (next) =>
        fetchAhead(found, clock.nowMs(), exchange, next),
      )
    },
  }
}

/**
 * Takes a request that nobody has sent yet through the compiled path, with the credential of the request it
 * follows: every stage that may refuse is asked again. Nothing is taken from limits, because the caller is
 * charged when it really asks; but where a limit would refuse, nothing is fetched. Refusals are not recorded
 * and do not count toward a ban.
 */
async function fetchAhead(
  snapshot: Snapshot,
  nowMs: number,
  from: Exchange,
  next: Visit,
): Promise<PrefetchOutcome> {
  const ahead = snapshot.routes.get(next.route)?.ahead
  if (ahead === undefined) return 'refused'
  const exchange = arrive(snapshot, requestAhead(from, ahead, next), connectionOf(from), nowMs)
  if (exchange.refusal !== undefined || exchange.route.id !== next.route) return 'refused'
  for (const stage of exchange.route.stages) {
    if (stage.name === 'recall') return ahead.fetch(exchange)
    if (stage.name === 'limit') {
      if ((await ahead.hasRoom?.(exchange)) === false) return 'refused'
    } else if ((await stage.run(exchange)) !== undefined) return 'refused'
  }
  return 'refused'
}

function requestAhead({ request }: Exchange, { segments }: RouteAhead, next: Visit): FetchRequest {
  const headers = new Headers([...request.headers])
  for (const name of OF_ONE_REQUEST) headers.delete(name)
  headers.set(PURPOSE, 'prefetch')
  const url = `http://${headers.get('host')}${pathOf(segments, next.parameters)}${next.query}`
  return new FetchRequest(new Request(url, { headers }))
}

function connectionOf({ connection, peer }: Exchange): Connection {
  return { scheme: connection.scheme, peerAddress: () => peer }
}

function pathOf(segments: readonly PatternSegment[], parameters: readonly string[]): string {
  const values = parameters.values()
  const texts = segments.map((segment) =>
    segment.kind === 'literal' ? segment.text : (values.next().value ?? ''),
  )
  return `/${texts.join('/')}`
}
