import type { Caller } from '../core/caller.ts'
import { BodyError } from '../core/http1/body-error.ts'
import type { Refusal } from '../core/refusal.ts'
import type { CountedBody } from './counted-body.ts'
import { countBody, METHODS_WITHOUT_BODY } from './counted-body.ts'
import type { Exchange } from './exchange.ts'
import { tooLarge } from './outgoing-body.ts'
import type { PathParameters } from './routing/router.ts'
import type { StageBody } from './stage.ts'

/** What the gate found out about a request that it let through. */
export interface Passed {
  readonly caller: Caller
  readonly requestId: string
  /** Id of the route. */
  readonly route: string
  /** Canonical path. */
  readonly path: string
  /** Path parameters, escapes not decoded; `undefined` when the route has none. */
  readonly parameters: PathParameters | undefined
  /** The JSON body, where the route has a schema for it; the body of the `Request` has then been read already. */
  readonly body: unknown
}

/** Answers requests of routes with `handler: true`, in the program that embeds the gate. */
export type Handler = (request: Request, passed: Passed) => Response | Promise<Response>

/**
 * Hands the request to the embedding program: the last stage of a route with `handler`.
 *
 * @param bodyBytesMax the most that the handler can read of a body, whether its length was announced or not.
 */
export function createHandlerStage(
  handler: Handler,
  route: string,
  bodyBytesMax: number,
): StageBody {
  return {
    run(exchange) {
      if (exchange.notes !== undefined) return undefined
      const passed = passedOf(exchange, route)
      const request = exchange.request.toRequest()
      const stream = unmeasuredBodyOf(exchange)
      if (stream === null) return usableSoon(handler(request, passed))
      return answerCounted(handler, request, passed, countBody(stream, bodyBytesMax), bodyBytesMax)
    },
  }
}

/** A body that has not been read yet and announced no length, so that `admit` could not check its size. */
function unmeasuredBodyOf({
  bodyText,
  method,
  request,
}: Exchange): ReadableStream<Uint8Array> | null {
  if (bodyText !== undefined || METHODS_WITHOUT_BODY.has(method)) return null
  return request.headers.has('content-length') ? null : request.body
}

/** Tells the client when its body turns out too large, so that handlers need not deal with that. */
async function answerCounted(
  handler: Handler,
  request: Request,
  passed: Passed,
  body: CountedBody,
  bodyBytesMax: number,
): Promise<Response | Refusal> {
  const init = { body: body.content, duplex: 'half' } as RequestInit
  try {
    return usable(await handler(new Request(request, init), passed))
  } catch (error) {
    if (body.isTooLarge() || error instanceof BodyError) return tooLarge(bodyBytesMax)
    throw error
  }
}

/** {@link usable}, without a promise where the handler made none. */
function usableSoon(answer: Response | Promise<Response>): Response | Promise<Response> {
  return answer instanceof Response ? usable(answer) : Promise.resolve(answer).then(usable)
}

/**
 * An answer of a handler that can be sent. Throws a `TypeError` that says what is wrong with any other. A `Response`
 * of another library than the runtime's own is made one of the runtime's.
 */
function usable(answer: Response): Response {
  const isOwn: boolean = answer instanceof Response
  if (!isOwn && Object.prototype.toString.call(answer) !== '[object Response]') {
    throw new TypeError(`the handler returned ${kindOf(answer)} instead of a Response`)
  }
  if (answer.bodyUsed) {
    throw new TypeError(
      'the handler returned a Response that has been read or sent already; make one for each request',
    )
  }
  return isOwn ? answer : new Response(answer.body, answer)
}

const kindOf = (value: unknown): string =>
  value === undefined || value === null ? String(value) : `a value of type ${typeof value}`

function passedOf(exchange: Exchange, route: string): Passed {
  const { caller, requestId, path, parameters, body } = exchange
  return { caller, requestId, route, path, parameters, body }
}
