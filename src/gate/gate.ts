import type { Caller } from '../core/caller.ts'
import type { Clock } from '../core/clock.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import { problemResponse } from '../core/problem.ts'
import type { LayerTimings } from '../signals/index.ts'
import type { Connection, Note } from './exchange.ts'
import { Exchange } from './exchange.ts'
import { findRoute } from './find-route.ts'
import { layerIndex } from './path.ts'
import type { Route } from './route.ts'
import { runStages, runStagesTimed } from './run-stages.ts'
import type { Snapshot } from './snapshot.ts'
import type { Step } from './stage.ts'

/** What a gate needs beside its configuration. */
export interface GateOptions {
  readonly clock: Clock
  readonly timings: LayerTimings
  /** Answers requests that no route takes, such as `/health`; they are not recorded. */
  readonly fallback?: (request: Request) => Response | Promise<Response> | undefined
  /** A bug: an exception out of a stage. The caller is told nothing of it. */
  readonly onBug: (error: unknown, requestId: string) => void
}

/** What became of an exchange that was only explained. */
export interface Explanation {
  readonly route: string | undefined
  readonly allowed: boolean
  readonly refusal: Refusal | undefined
  readonly caller: Caller
  /** The status the gate itself would answer with; 200 where an upstream would be asked. */
  readonly status: number
  readonly notes: readonly Note[]
}

/** The gate: takes requests through the compiled path. */
export interface Gate {
  /** Answers a request. Never rejects. */
  handle(request: Request, connection: Connection): Response | Promise<Response>
  /**
   * Runs the same compiled path without taking, sending or recording anything.
   *
   * @param caller who to take the request for, in place of the credential it presents.
   */
  explain(request: Request, connection: Connection, caller?: Caller): Promise<Explanation>
  /** Replaces the configuration; requests in flight finish on the old one. */
  swap(snapshot: Snapshot): void
  readonly snapshot: Snapshot
}

/** Creates a gate on a compiled configuration. */
export function createGate(initial: Snapshot, options: GateOptions): Gate {
  const { clock, timings, onBug } = options
  let snapshot = initial

  const begin = (from: Snapshot, request: Request, connection: Connection): Exchange => {
    const located = findRoute(from, request)
    const nowMs = clock.nowMs()
    if ('code' in located) {
      const exchange = new Exchange(
        from.world,
        connection,
        request,
        nowMs,
        from.unrouted,
        '',
        '',
        [],
        [],
      )
      exchange.refusal = located
      return exchange
    }
    return new Exchange(
      from.world,
      connection,
      request,
      nowMs,
      located.bound.target,
      located.path,
      located.query,
      located.bound.names,
      located.values,
    )
  }

  const end = (from: Snapshot, exchange: Exchange, step: Step): Response => {
    const response = finish(exchange, step)
    exchange.release?.()
    from.record(exchange, response.status, exchange.endedBy)
    return response
  }

  const unrouted = (
    from: Snapshot,
    exchange: Exchange,
    refusal: Refusal,
  ): Response | Promise<Response> => {
    const isUnknown = refusal.code === 'route_unknown' && exchange.request.method === 'GET'
    const answer = isUnknown ? options.fallback?.(exchange.request) : undefined
    return answer ?? end(from, exchange, refusal)
  }

  const fail = (from: Snapshot, exchange: Exchange, error: unknown): Response => {
    onBug(error, exchange.requestId)
    return end(from, exchange, refuse('internal_error'))
  }

  const measured = (route: Route, exchange: Exchange): Promise<Step> =>
    runStagesTimed(route.stages, exchange, clock.monotonicMs, (stage, durationMs) => {
      timings.record(layerIndex(stage.name), durationMs * 1e6)
    })

  return {
    get snapshot() {
      return snapshot
    },
    swap(next) {
      snapshot = next
    },
    handle(request, connection) {
      const from = snapshot
      const startMs = clock.monotonicMs()
      const exchange = begin(from, request, connection)
      exchange.startMs = startMs
      if (exchange.refusal !== undefined) return unrouted(from, exchange, exchange.refusal)
      try {
        const { route } = exchange
        const step = timings.sample()
          ? measured(route, exchange)
          : runStages(route.stages, exchange)
        if (!(step instanceof Promise)) return end(from, exchange, step)
        return step.then(
          (settled) => end(from, exchange, settled),
          (error: unknown) => fail(from, exchange, error),
        )
      } catch (error) {
        return fail(from, exchange, error)
      }
    },
    async explain(request, connection, caller) {
      const exchange = begin(snapshot, request, connection)
      exchange.notes = []
      exchange.presumed = caller
      const step = exchange.refusal ?? (await measured(exchange.route, exchange))
      exchange.release?.()
      const refusal = step === undefined || step instanceof Response ? undefined : step
      return {
        route: exchange.route === snapshot.unrouted ? undefined : exchange.route.id,
        allowed: refusal === undefined,
        refusal,
        caller: exchange.caller,
        status: step instanceof Response ? step.status : 200,
        notes: exchange.notes,
      }
    },
  }
}

/** Turns the last step into the response, with the headers that stages asked for. */
function finish(exchange: Exchange, step: Step): Response {
  if (step instanceof Response) {
    if (exchange.responseHeaders !== undefined) {
      for (const name in exchange.responseHeaders) {
        step.headers.set(name, exchange.responseHeaders[name]!)
      }
    }
    return step
  }
  const refusal = step ?? refuse('internal_error', { internal: 'no stage answered' })
  exchange.refusal = refusal
  const { responseHeaders } = exchange
  return problemResponse(
    responseHeaders === undefined
      ? refusal
      : { ...refusal, headers: { ...responseHeaders, ...refusal.headers } },
    exchange.requestId,
  )
}

