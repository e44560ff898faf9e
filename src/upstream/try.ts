import { PlainAnswer } from '../core/answer.ts'
import type { Course, PreparedRequest } from './course.ts'
import type { EndReason, Watch } from './deadlines.ts'
import type { Failure } from './failure.ts'
import { CLIENT_GONE, classifyError } from './failure.ts'
import type { Client, ForwardRequest, Timeouts } from './forward-request.ts'
import type { ResponseHead } from './http1/parse-head.ts'
import type { BodyEnd, Carrier, Job, ResponseBody, WireBody, WireError } from './http1/types.ts'
import { IDEMPOTENT } from './methods.ts'
import type { Target } from './target.ts'

/** The outcome of one try: an answer, possibly one that counts as a failure, or none. */
export type TryOutcome =
  | { readonly ok: true; readonly answer: PlainAnswer; readonly failure: undefined }
  | { readonly ok: true; readonly answer: PlainAnswer; readonly failure: Failure }
  | { readonly ok: false; readonly failure: Failure }

const RESET_CONTENT = 205
const NOT_MODIFIED = 304

/**
 * One try of a request at one target. Because every request needs one, a single object serves all purposes: the
 * connection reports to it, the deadlines watch it, and it holds the places that the request occupies. It holds its
 * place at the target until the last byte has passed, and also the request's place in the bulkhead, unless another try
 * takes that over.
 */
export class Try implements Job, Watch {
  readonly method: string
  readonly head: string
  readonly body: WireBody
  readonly repeatable: boolean
  readonly wholeBytesMax: number
  readonly totalAtMs: number
  readonly client: Client | undefined
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
  /** The failure that the status of the answer stands for, if any. */
  #verdict: Failure | undefined = undefined

  constructor(
    { request, timeouts, totalAtMs }: PreparedRequest,
    target: Target,
    head: string,
    course: Course,
    nowMs: number,
    settle: (outcome: TryOutcome, attempt: Try) => void,
  ) {
    const { body, method, client } = request
    const { config } = course
    this.method = method
    this.head = head
    this.repeatable =
      config.retries.attempts > 0 && IDEMPOTENT.has(method) && !(body instanceof ReadableStream)
    this.wholeBytesMax = config.bufferMax
    this.totalAtMs = totalAtMs
    this.client = client
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

  /** The answer or failure is final for the request: no other try follows. */
  answered(): void {
    this.#isAnswered = true
    if (this.#isEnded) this.#giveBack()
  }

  /** A deadline has passed, or the client is gone; `ended` says which. */
  end(): void {
    this.carrier?.abort(this)
  }

  /** Nothing is expected of the upstream for now; only the total deadline still applies. */
  onRest(): void {
    this.phaseAtMs = Infinity
  }

  /** The head of the response is expected within the first-byte time, counted from now. */
  awaitHead(): void {
    this.phaseAtMs = this.#course.clock.monotonicMs() + this.#timeouts.firstByteMs
  }

  /** A part of the body is expected within the idle time, counted from now. */
  onWait(): void {
    this.phase = 'idle'
    this.phaseAtMs = this.#course.clock.monotonicMs() + this.#timeouts.idleMs
  }

  onFailure(error: WireError): void {
    const failure = this.#why(error)
    this.#leave(failure)
    this.#settle({ ok: false, failure }, this)
  }

  onInterim(head: ResponseHead): void {
    const { client, scheme, host } = this.#request
    if (client?.interim === undefined) return
    const origins = { upstream: this.target.origin, scheme, host }
    const fields = this.#course.responseFields(head, origins, false)
    client.interim(new PlainAnswer(head.status, fields, null))
  }

  onAnswer(head: ResponseHead, body: ResponseBody): void {
    const { method, scheme, host } = this.#request
    const { status } = head
    const failure = this.#course.failing.get(status)
    // The length of a complete body is known. That of a streamed or absent body is what the upstream says.
    const keepsLength =
      body instanceof ReadableStream || method === 'HEAD' || status === NOT_MODIFIED
    const origins = { upstream: this.target.origin, scheme, host }
    const fields = this.#course.responseFields(head, origins, keepsLength)
    this.#verdict = failure
    if (!(body instanceof ReadableStream)) this.#leave(failure)
    const answer = new PlainAnswer(status, fields, status === RESET_CONTENT ? noBody(body) : body)
    this.#settle({ ok: true, failure, answer }, this)
  }

  onBodyEnd(end: BodyEnd, error?: WireError): void {
    if (end === 'complete') this.#leave(this.#verdict)
    else this.#leave(end === 'cancelled' ? (this.#verdict ?? CLIENT_GONE) : this.#why(error))
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
    // The head has already been passed on, so this is the only report of a truncated body.
    if (failure !== undefined && failure.kind !== 'status') {
      reportFailure(failure, this.target, true, this.#course, this.#request)
    }
  }

  #giveBack(): void {
    this.#course.bulkhead.leave()
    this.#request.onEnd?.()
  }
}

/** What is sent where there must be no body (RFC 9110 §15.3.6). */
function noBody(body: ResponseBody): null {
  if (body instanceof ReadableStream) void body.cancel()
  return null
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
  { requestId }: Pick<ForwardRequest, 'requestId'>,
): void {
  if (failure.kind === 'aborted') return
  if (final) course.counts.failures++
  course.onEvent({
    upstream: course.name,
    kind: 'attempt_failed',
    requestId,
    target: target.url,
    failure: failure.kind,
    cause: failure.cause,
    final,
  })
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
    onWait: () => attempt.onRest(),
    onChunk: () => attempt.awaitHead(),
  }
}
