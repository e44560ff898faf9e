import type { Course, PreparedRequest } from './course.ts'
import type { EndReason, Watch } from './deadlines.ts'
import type { Failure } from './failure.ts'
import { CLIENT_GONE, classifyError } from './failure.ts'
import type { ForwardRequest, Timeouts } from './forward-request.ts'
import type { Field } from './http1/parse-head.ts'
import type { Carrier, Job, WireBody, WireError, WireResponse } from './http1/types.ts'
import type { ResponseBody } from './make-response.ts'
import { IDEMPOTENT } from './methods.ts'
import { pump } from './response-body.ts'
import type { Target } from './target.ts'

/** What one try ended in: an answer, possibly one that counts as a failure, or none. */
export type TryOutcome =
  | { readonly ok: true; readonly response: Response; readonly failure: undefined }
  | { readonly ok: true; readonly response: Response; readonly failure: Failure }
  | { readonly ok: false; readonly failure: Failure }

const NULL_BODY = new Set([204, 205, 304])

/**
 * One try of a request at one target. It is a single object, because there is one for each request: what
 * the connection reports to, what the deadlines watch, and what holds the places that the request takes up.
 * Its target's place is held until its last byte has passed, and the request's place in the bulkhead
 * until then too, unless another try takes that over.
 */
export class Try implements Job, Watch {
  readonly method: string
  readonly head: string
  readonly body: WireBody
  readonly repeatable: boolean
  readonly wholeBytesMax: number
  readonly totalAtMs: number
  readonly client: AbortSignal | undefined
  readonly target: Target
  carrier: Carrier | undefined = undefined
  phase: 'first_byte' | 'idle' = 'first_byte'
  phaseAtMs: number
  ended: EndReason | undefined = undefined
  place = -1
  readonly #course: Course
  readonly #request: ForwardRequest
  readonly #timeouts: Timeouts
  readonly #settle: (outcome: TryOutcome, attempt: Try) => void
  #isAnswered = false
  #isEnded = false

  constructor(
    { request, timeouts, totalAtMs }: PreparedRequest,
    target: Target,
    head: string,
    course: Course,
    nowMs: number,
    settle: (outcome: TryOutcome, attempt: Try) => void,
  ) {
    const { body, method, signal } = request
    const { config } = course
    this.method = method
    this.head = head
    this.repeatable =
      config.retries.attempts > 0 && IDEMPOTENT.has(method) && !(body instanceof ReadableStream)
    this.wholeBytesMax = config.bufferMax
    this.totalAtMs = totalAtMs
    this.client = signal
    this.target = target
    this.phaseAtMs = nowMs + timeouts.firstByteMs
    this.#course = course
    this.#request = request
    this.#timeouts = timeouts
    this.#settle = settle
    this.body = wireBody(request, this)
  }

  /** Sends it; `settle` is called once, when there is an answer to hand over or a failure. */
  start(): void {
    this.#course.deadlines.add(this)
    this.target.client.start(this)
  }

  /** The answer, or the failure, is the request's: no other try follows. */
  answered(): void {
    this.#isAnswered = true
    if (this.#isEnded) this.#giveBack()
  }

  /** A deadline has passed, or the client is gone; `ended` says which. */
  end(): void {
    this.carrier?.abort(this)
  }

  /** Nothing is expected of the upstream for now; only the total deadline goes on. */
  rest(): void {
    this.phaseAtMs = Infinity
  }

  /** The head of the response is expected within the first-byte time, counted from now. */
  awaitHead(): void {
    this.phaseAtMs = this.#course.clock.monotonicMs() + this.#timeouts.firstByteMs
  }

  /** A part of the body is expected within the idle time, counted from now. */
  onHead(): void {
    this.phase = 'idle'
    this.phaseAtMs = this.#course.clock.monotonicMs() + this.#timeouts.idleMs
  }

  onFailure(error: WireError): void {
    const failure = this.#why(error)
    this.#leave(failure)
    this.#settle({ ok: false, failure }, this)
  }

  onAnswer(answer: WireResponse): void {
    const { status } = answer
    const verdict = this.#course.failing.get(status)
    try {
      const headers = this.#headers(answer.fields)
      const made = this.#course.makeResponse(
        this.#receive(answer, headers, verdict),
        status,
        headers,
      )
      if (made instanceof Promise) this.#settleLater(made, verdict)
      else this.#settle({ ok: true, failure: verdict, response: made }, this)
    } catch (error) {
      this.#unmakeable(error)
    }
  }

  #settleLater(made: Promise<Response>, failure: Failure | undefined): void {
    made.then(
      (response) => this.#settle({ ok: true, failure, response }, this),
      (error: unknown) => this.#unmakeable(error),
    )
  }

  /** The answer cannot be passed on. */
  #unmakeable(error: unknown): void {
    const failure = classifyError(error)
    this.end()
    if (!this.#isEnded) this.#leave(failure)
    this.#settle({ ok: false, failure }, this)
  }

  #headers(fields: readonly Field[]): [string, string][] {
    const { scheme, host, method } = this.#request
    const headers = this.#course.responseFields(fields, {
      upstream: this.target.origin,
      scheme,
      host,
    })
    if (method === 'HEAD') keepLengthUnsaid(headers)
    return headers
  }

  #receive(
    { status, body }: WireResponse,
    headers: readonly [string, string][],
    verdict: Failure | undefined,
  ): ResponseBody {
    if (body instanceof ReadableStream) return this.#pass(body, verdict)
    this.#leave(verdict)
    if (body === null || NULL_BODY.has(status)) return null
    const { wholeBody, untypedBody } = this.#course
    return (isTyped(headers) ? wholeBody : untypedBody)(body as Uint8Array<ArrayBuffer>)
  }

  #pass(body: ReadableStream<Uint8Array>, verdict: Failure | undefined): ReadableStream {
    this.rest()
    return pump(body, {
      onWait: () => this.onHead(),
      onChunk: () => this.rest(),
      onEnd: (end, error) => {
        if (end === 'complete') return this.#leave(verdict)
        this.end()
        this.#leave(end === 'cancelled' ? CLIENT_GONE : this.#why(error))
      },
    })
  }

  #why(error: unknown): Failure {
    if (this.ended === 'client_gone') return CLIENT_GONE
    if (this.ended !== undefined) return { kind: 'timeout', cause: `${this.ended} deadline` }
    return classifyError(error)
  }

  /** The last byte has passed, or the try has failed. */
  #leave(failure: Failure | undefined): void {
    const { clock, deadlines } = this.#course
    this.#isEnded = true
    deadlines.remove(this)
    this.target.leave(verdictOf(failure), clock.monotonicMs())
    if (!this.#isAnswered) return
    this.#giveBack()
    // The head was passed on already: this is the only word about a body cut off.
    if (failure !== undefined && failure.kind !== 'status') {
      reportFailure(failure, this.target, true, this.#course)
    }
  }

  #giveBack(): void {
    this.#course.bulkhead.leave()
    this.#request.onEnd?.()
  }
}

function verdictOf(failure: Failure | undefined): 'good' | 'bad' | 'unknown' {
  if (failure === undefined) return 'good'
  return failure.kind === 'aborted' ? 'unknown' : 'bad'
}

/** Tells that a try failed, and whether that was the last one. */
export function reportFailure(
  failure: Failure,
  target: Target,
  final: boolean,
  course: Course,
): void {
  if (failure.kind === 'aborted') return
  if (final) course.counts.failures++
  course.onEvent({
    upstream: course.name,
    kind: 'attempt_failed',
    target: target.url,
    failure: failure.kind,
    cause: failure.cause,
    final,
  })
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

const NO_BODY: WireBody = { kind: 'none' }
const EMPTY_BODY: WireBody = { kind: 'bytes', bytes: new Uint8Array(0) }

/** A streamed upload moves the first-byte deadline: the upstream cannot answer what is not yet sent. */
function wireBody({ method, body, headers }: ForwardRequest, attempt: Try): WireBody {
  if (body === null || (body instanceof Uint8Array && body.length === 0)) {
    // RFC 9110 §8.6: methods that expect content say that there is none.
    const expects = method === 'POST' || method === 'PUT' || method === 'PATCH'
    return expects ? EMPTY_BODY : NO_BODY
  }
  if (body instanceof Uint8Array) return { kind: 'bytes', bytes: body }
  const length = headers.get('content-length')
  return {
    kind: 'stream',
    stream: body,
    length: length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
    onWait: () => attempt.rest(),
    onChunk: () => attempt.awaitHead(),
  }
}
