import type { Answer } from '../core/answer.ts'
import { PlainAnswer, toResponse } from '../core/answer.ts'
import type { Caller } from '../core/caller.ts'
import type { Clock } from '../core/clock.ts'
import { problemAnswer } from '../core/problem.ts'
import type { IncomingRequest } from '../core/incoming-request.ts'
import { FetchRequest } from '../core/incoming-request.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { LayerTimings } from '../signals/index.ts'
import { arrive } from './arrive.ts'
import type { Connection, Exchange, Note } from './exchange.ts'
import { unreadable } from './read-body.ts'
import { runStages, runStagesTimed } from './run-stages.ts'
import type { Ending } from './run-stages.ts'
import type { Snapshot } from './snapshot.ts'
import type { Step } from './stage.ts'
import { isAnswer, NEEDS_BODY } from './stage.ts'

/** What a gate needs besides its configuration. */
export interface GateOptions {
  readonly clock: Clock
  readonly timings: LayerTimings
  /** Answers GET requests that match no route, such as `/health`; what it answers is not recorded. */
  readonly fallback?: (request: IncomingRequest) => Answer | Promise<Answer> | undefined
  /** Called with an exception that a stage threw, which is a bug; the caller learns nothing about it. */
  readonly onBug: (error: unknown, requestId: string) => void
}

/** What would become of a request, without handling it. */
export interface Explanation {
  readonly route: string | undefined
  readonly allowed: boolean
  readonly refusal: Refusal | undefined
  readonly caller: Caller
  /** The status with which the gate itself would answer; 200 where it would ask an upstream. */
  readonly status: number
  readonly notes: readonly Note[]
}

/** The gate: takes requests through the compiled path. */
export interface Gate {
  /** Answers a request. Never rejects. */
  handle(request: IncomingRequest, connection: Connection): Answer | Promise<Answer>
  /** {@link Gate.handle} for web-standard requests. */
  fetch(request: Request, connection: Connection): Promise<Response>
  /**
   * Runs the same compiled path without taking anything from limits, sending anything or recording anything.
   *
   * @param caller the caller to assume, in place of the credential that the request presents.
   */
  explain(request: IncomingRequest, connection: Connection, caller?: Caller): Promise<Explanation>
  /** Replaces the compiled configuration; requests in flight finish on the old one. */
  swap(snapshot: Snapshot): void
  readonly snapshot: Snapshot
}

/** Creates a gate on a compiled configuration. */
export function createGate(initial: Snapshot, options: GateOptions): Gate {
  const { clock, timings, onBug } = options
  let current = initial

  const end = (snapshot: Snapshot, exchange: Exchange, ending: Ending): Answer => {
    const answer = finish(exchange, ending)
    if (exchange.release !== undefined) exchange.release()
    snapshot.record(exchange, answer.status)
    return answer
  }

  const fail = (snapshot: Snapshot, exchange: Exchange, error: unknown): Answer => {
    onBug(error, exchange.requestId)
    return end(snapshot, exchange, refuse('internal_error'))
  }

  const proceed = (snapshot: Snapshot, exchange: Exchange): Answer | Promise<Answer> => {
    try {
      return settle(snapshot, exchange, runStages(exchange))
    } catch (error) {
      return fail(snapshot, exchange, error)
    }
  }

  const settle = (
    snapshot: Snapshot,
    exchange: Exchange,
    step: Step | Promise<Step>,
  ): Answer | Promise<Answer> => {
    if (step === NEEDS_BODY) {
      const text = exchange.request.text()
      if (typeof text === 'string') {
        exchange.bodyText = text
        return proceed(snapshot, exchange)
      }
      return text.then(
        (whole) => {
          exchange.bodyText = whole
          return proceed(snapshot, exchange)
        },
        (error: unknown) => end(snapshot, exchange, unreadable(error)),
      )
    }
    if (!(step instanceof Promise)) return end(snapshot, exchange, step)
    return step.then(
      (settled) => {
        if (settled !== undefined) return settle(snapshot, exchange, settled)
        exchange.at += 1
        return proceed(snapshot, exchange)
      },
      (error: unknown) => fail(snapshot, exchange, error),
    )
  }

  const measured = (exchange: Exchange): Promise<Ending> =>
    runStagesTimed(exchange, clock.monotonicMs, (stage, durationMs) => {
      if (exchange.notes === undefined) timings.record(stage.layer, durationMs * 1e6)
    })

  const unrouted = (
    snapshot: Snapshot,
    exchange: Exchange,
    refusal: Refusal,
  ): Answer | Promise<Answer> => {
    const isUnknown = refusal.code === 'route_unknown' && exchange.method === 'GET'
    const answer = isUnknown ? options.fallback?.(exchange.request) : undefined
    return answer ?? end(snapshot, exchange, refusal)
  }

  const handle: Gate['handle'] = (request, connection) => {
    const snapshot = current
    const startMs = clock.monotonicMs()
    const exchange = arrive(snapshot, request, connection, clock.nowMs())
    exchange.startMs = startMs
    if (exchange.refusal !== undefined) return unrouted(snapshot, exchange, exchange.refusal)
    if (!timings.sample()) return proceed(snapshot, exchange)
    return measured(exchange).then(
      (ending) => end(snapshot, exchange, ending),
      (error: unknown) => fail(snapshot, exchange, error),
    )
  }

  return {
    get snapshot() {
      return current
    },
    swap(next) {
      current = next
    },
    handle,
    fetch: async (request, connection) =>
      toResponse(await handle(new FetchRequest(request), connection)),
    async explain(request, connection, caller) {
      const exchange = arrive(current, request, connection, clock.nowMs())
      exchange.notes = []
      exchange.presumed = caller
      const ending = exchange.refusal ?? (await measured(exchange))
      const isAnswered = ending !== undefined && isAnswer(ending)
      return {
        route: exchange.route === current.unrouted ? undefined : exchange.route.id,
        allowed: ending === undefined || isAnswered,
        refusal: isAnswered ? undefined : ending,
        caller: exchange.caller,
        status: isAnswered ? ending.status : 200,
        notes: exchange.notes,
      }
    },
  }
}

/** In runtimes that follow the standard, the headers of redirects and of `fetch` responses are immutable. */
function withHeaders(response: Response, headers: Exchange['responseHeaders']): Response {
  if (headers === undefined) return response
  try {
    for (const name in headers) response.headers.set(name, headers[name]!)
    return response
  } catch {
    const changeable = new Response(response.body, response)
    for (const name in headers) changeable.headers.set(name, headers[name]!)
    return changeable
  }
}

/** Turns the last step into the answer, with the headers that stages asked for. */
function finish(exchange: Exchange, ending: Ending): Answer {
  const { responseHeaders } = exchange
  if (ending instanceof PlainAnswer) {
    if (responseHeaders === undefined) return ending
    return ending.with(responseHeaders, exchange.responseLines)
  }
  let refusal = ending
  if (refusal !== undefined && isAnswer(refusal)) {
    if (refusal.status !== 0) return withHeaders(refusal, responseHeaders)
    refusal = refuse('internal_error', {
      internal: 'a stage answered with a network error (Response.error)',
    })
  }
  refusal ??= refuse('internal_error', { internal: 'no stage answered' })
  exchange.refusal = refusal
  const headers = { ...responseHeaders, ...refusal.headers }
  return problemAnswer({ ...refusal, headers }, exchange.requestId)
}
