import type { Clock } from '../core/clock.ts'
import type { UpstreamConfig } from './config.ts'
import type { Deadlines } from './deadlines.ts'
import type { Exchange } from './exchange.ts'
import { startExchange } from './exchange.ts'
import type { Failure } from './failure.ts'
import type { ForwardRequest, Timeouts } from './forward-request.ts'
import type { WholeBody } from './response-body.ts'
import { pump } from './response-body.ts'
import type { PrepareResponseHeaders } from './response-headers.ts'
import type { FetchExtras, RuntimeAbilities } from './runtime.ts'
import type { Target } from './target.ts'
import type { FetchLike } from './upstream-types.ts'

/** What one try ended in. */
export type AttemptOutcome =
  | { readonly ok: true; readonly response: Response; readonly failure: Failure | undefined }
  | { readonly ok: false; readonly failure: Failure }

/** One try: the request as it is sent, to whom, and until when. */
export interface Attempt {
  readonly request: ForwardRequest
  /** Prepared for the upstream. */
  readonly headers: Headers
  readonly target: Target
  readonly timeouts: Timeouts
  readonly totalAtMs: number
  /** Called exactly once, when the last byte has passed or the try has failed. */
  readonly onEnd: (failure: Failure | undefined) => void
}

/** Sends a request to a target once. Never rejects. */
export type SendAttempt = (attempt: Attempt) => Promise<AttemptOutcome>

/** What sending needs. */
export interface SenderOptions {
  readonly config: UpstreamConfig
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly abilities: RuntimeAbilities
  readonly wholeBody: WholeBody
  readonly prepareResponse: PrepareResponseHeaders
  /** Statuses that count as failures. */
  readonly failing: ReadonlySet<number>
}

const WITHOUT_BODY = new Set([204, 205, 304])

/** Creates the {@link SendAttempt} of an upstream. */
export function createSender(options: SenderOptions): SendAttempt {
  const { config, clock, deadlines } = options
  const tls = config.tls === undefined ? undefined : withoutUndefined(config.tls)
  return async (attempt) => {
    const { request, timeouts, target } = attempt
    const exchange = startExchange(request, timeouts, attempt.totalAtMs, clock, deadlines)
    try {
      const init: RequestInit & FetchExtras = {
        method: request.method,
        headers: attempt.headers,
        body: bodyOf(request, exchange),
        redirect: 'manual',
        signal: exchange.signal,
        decompress: false,
        proxy: false,
        duplex: 'half',
        ...(target.unix !== undefined && { unix: target.unix }),
        ...(tls !== undefined && { tls }),
      }
      const answer = await options.fetch(target.base + request.path, init)
      const failure = options.failing.has(answer.status)
        ? ({ kind: 'status', cause: `status ${answer.status}` } as const)
        : undefined
      return {
        ok: true,
        failure,
        response: await receive(answer, attempt, exchange, failure, options),
      }
    } catch (error) {
      exchange.end()
      const failure = exchange.failure(error)
      exchange.abort()
      attempt.onEnd(failure)
      return { ok: false, failure }
    }
  }
}

/** A streamed upload moves the first-byte deadline: the upstream cannot answer what is not yet sent. */
function bodyOf(
  { body }: ForwardRequest,
  exchange: Exchange,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  if (body === null) return null
  if (body instanceof Uint8Array) {
    return body.byteLength === 0 ? null : (body as Uint8Array<ArrayBuffer>)
  }
  return pump(body, {
    onWait: () => exchange.rest(),
    onChunk: () => exchange.awaitHead(),
    onEnd: () => exchange.awaitHead(),
  })
}

async function receive(
  answer: Response,
  attempt: Attempt,
  exchange: Exchange,
  verdict: Failure | undefined,
  options: SenderOptions,
): Promise<Response> {
  const { request, target } = attempt
  const { status, headers } = answer
  const encoded = !options.abilities.fetchOptions && headers.has('content-encoding')
  const lengthBytes = encoded ? undefined : knownLength(headers)
  const whole = lengthBytes !== undefined && lengthBytes <= options.config.bufferMax
  const bodyless = request.method === 'HEAD' || WITHOUT_BODY.has(status)
  exchange.awaitBody()
  const body = bodyless
    ? null
    : whole
      ? options.wholeBody(await answer.arrayBuffer())
      : passOn(answer.body, attempt, exchange, verdict)
  if (bodyless || whole || body === null) {
    exchange.end()
    attempt.onEnd(verdict)
  }
  const response = new Response(body, { status, headers })
  // A fetch that decodes has left a length and an encoding that are no longer those of the body.
  if (encoded) {
    response.headers.delete('content-encoding')
    response.headers.delete('content-length')
  }
  options.prepareResponse(response.headers, {
    upstream: target.origin,
    client: `${request.scheme}://${request.host}`,
  })
  return response
}

function passOn(
  body: ReadableStream<Uint8Array> | null,
  attempt: Attempt,
  exchange: Exchange,
  verdict: Failure | undefined,
): ReadableStream<Uint8Array> | null {
  if (body === null) return null
  exchange.rest()
  return pump(body, {
    onWait: () => exchange.awaitBody(),
    onChunk: () => exchange.rest(),
    onEnd(end, error) {
      exchange.end()
      if (end === 'complete') return attempt.onEnd(verdict)
      const failure: Failure =
        end === 'cancelled'
          ? { kind: 'aborted', cause: 'the client went away' }
          : exchange.failure(error)
      exchange.abort()
      attempt.onEnd(failure)
    },
  })
}

/** The length the head promises, when it is one and nothing contradicts it. */
function knownLength(headers: Headers): number | undefined {
  const text = headers.get('content-length')
  if (text === null || !/^\d{1,15}$/.test(text) || headers.has('transfer-encoding'))
    return undefined
  return Number(text)
}

function withoutUndefined(
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
