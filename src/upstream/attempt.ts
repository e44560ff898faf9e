import type { Clock } from '../core/clock.ts'
import type { UpstreamConfig } from './config.ts'
import type { Deadlines } from './deadlines.ts'
import type { Exchange } from './exchange.ts'
import { startExchange } from './exchange.ts'
import type { Failure } from './failure.ts'
import type { ForwardRequest, Timeouts } from './forward-request.ts'
import type { Sending, WireBody, WireResponse } from './http1/types.ts'
import { IDEMPOTENT } from './methods.ts'
import type { MakeResponse } from './make-response.ts'
import { writeHead } from './request-headers.ts'
import type { RequestFields } from './request-headers.ts'
import type { WholeBody } from './response-body.ts'
import { pump } from './response-body.ts'
import type { ResponseFields } from './response-headers.ts'
import type { Target } from './target.ts'

/** What one try ended in: an answer, possibly one that counts as a failure, or none. */
export type AttemptOutcome =
  | { readonly ok: true; readonly response: Response; readonly failure: Failure | undefined }
  | { readonly ok: false; readonly failure: Failure }

/** One try: the request, to whom, and until when. */
export interface Attempt {
  readonly request: ForwardRequest
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
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly wholeBody: WholeBody
  /** For bodies of which the upstream does not say what they are. */
  readonly untypedBody: WholeBody
  readonly makeResponse: MakeResponse
  readonly requestFields: RequestFields
  readonly responseFields: ResponseFields
}

const NULL_BODY = new Set([204, 205, 304])
const UNSOUND: Failure = { kind: 'protocol', cause: 'a header value cannot be sent' }

/** Creates the {@link SendAttempt} of an upstream. */
export function createSender(options: SenderOptions): SendAttempt {
  const failing = new Map<number, Failure>(
    options.config.retries.statuses.map((status) => [
      status,
      { kind: 'status', cause: `status ${status}` },
    ]),
  )
  return async (attempt) => {
    const { request, target, timeouts, totalAtMs, onEnd } = attempt
    const head = writeHead(request, target, options.requestFields)
    if (head === undefined) {
      onEnd({ kind: 'aborted', cause: UNSOUND.cause })
      return { ok: false, failure: UNSOUND }
    }
    const abort = (): void => sending.abort()
    const exchange = startExchange(request, timeouts, totalAtMs, options, abort)
    const sending: Sending = target.client.send({
      method: request.method,
      head,
      body: wireBody(request, exchange),
      repeatable:
        options.config.retries.attempts > 0 &&
        IDEMPOTENT.has(request.method) &&
        !(request.body instanceof ReadableStream),
      wholeBytesMax: options.config.bufferMax,
      onHead: exchange.awaitBody,
    })
    try {
      const answer = await sending.response
      const failure = failing.get(answer.status)
      const headers = options.responseFields(answer.fields, {
        upstream: target.origin,
        scheme: request.scheme,
        host: request.host,
      })
      if (request.method === 'HEAD') keepLengthUnsaid(headers)
      const wholeBody = isTyped(headers) ? options.wholeBody : options.untypedBody
      const body = receive(answer, attempt, exchange, failure, sending, wholeBody)
      const response = await options.makeResponse(body, answer.status, headers)
      return { ok: true, failure, response }
    } catch (error) {
      exchange.end()
      const failure = exchange.failure(error)
      onEnd(failure)
      return { ok: false, failure }
    }
  }
}

const isTyped = (headers: readonly [string, string][]): boolean =>
  headers.some(([name]) => name === 'content-type')

/**
 * To a HEAD that was answered without Content-Length, the runtime's server would add `0`, which says
 * something about the answer to GET that nobody said (RFC 9110 §8.6); the coding says nothing.
 */
function keepLengthUnsaid(headers: [string, string][]): void {
  if (headers.some(([name]) => name === 'content-length')) return
  headers.push(['transfer-encoding', 'chunked'])
}

/** A streamed upload moves the first-byte deadline: the upstream cannot answer what is not yet sent. */
function wireBody({ method, body, headers }: ForwardRequest, exchange: Exchange): WireBody {
  if (body === null || (body instanceof Uint8Array && body.length === 0)) {
    // RFC 9110 §8.6: methods that expect content say that there is none.
    const expects = method === 'POST' || method === 'PUT' || method === 'PATCH'
    return expects ? { kind: 'bytes', bytes: new Uint8Array(0) } : { kind: 'none' }
  }
  if (body instanceof Uint8Array) return { kind: 'bytes', bytes: body }
  const length = headers.get('content-length')
  return {
    kind: 'stream',
    stream: body,
    length: length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
    onWait: exchange.rest,
    onChunk: exchange.awaitHead,
  }
}

function receive(
  { status, body }: WireResponse,
  { onEnd }: Attempt,
  exchange: Exchange,
  verdict: Failure | undefined,
  sending: Sending,
  wholeBody: WholeBody,
): Uint8Array<ArrayBuffer> | ReadableStream | null {
  if (body === null || body instanceof Uint8Array) {
    exchange.end()
    onEnd(verdict)
    return body === null || NULL_BODY.has(status)
      ? null
      : wholeBody(body as Uint8Array<ArrayBuffer>)
  }
  exchange.rest()
  return pump(body, {
    onWait: exchange.awaitBody,
    onChunk: exchange.rest,
    onEnd(end, error) {
      exchange.end()
      if (end === 'complete') return onEnd(verdict)
      sending.abort()
      onEnd(
        end === 'cancelled'
          ? { kind: 'aborted', cause: 'the client went away' }
          : exchange.failure(error),
      )
    },
  })
}
