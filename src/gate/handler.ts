import type { Caller } from '../core/caller.ts'
import type { Exchange } from './exchange.ts'
import type { PathParameters } from './routing/router.ts'
import type { StageBody } from './stage.ts'

/** What the gate found out about a request that it let pass. */
export interface Passed {
  readonly caller: Caller
  readonly requestId: string
  /** Id of the route. */
  readonly route: string
  /** Canonical path. */
  readonly path: string
  /** Path parameters, escapes not decoded; `undefined` when the route has none. */
  readonly parameters: PathParameters | undefined
  /** The JSON body, where the route has a schema for it: the request's own has been read then. */
  readonly body: unknown
}

/** Answers requests of routes with `handler: true`, in the program that embeds the gate. */
export type Handler = (request: Request, passed: Passed) => Response | Promise<Response>

/** Hands what passed to the embedding program: the last stage of a route with `handler`. */
export function createHandlerStage(handler: Handler, route: string): StageBody {
  return {
    run(exchange) {
      if (exchange.notes !== undefined) return undefined
      return handler(exchange.request.toRequest(), passedOf(exchange, route))
    },
  }
}

function passedOf(exchange: Exchange, route: string): Passed {
  const { caller, requestId, path, parameters, body } = exchange
  return { caller, requestId, route, path, parameters, body }
}
