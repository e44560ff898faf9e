import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { AttemptOutcome } from './attempt.ts'
import type { Entry } from './bulkhead.ts'
import type { Course, PreparedRequest } from './course.ts'
import type { Failure } from './failure.ts'
import { CLIENT_GONE, refusalOf } from './failure.ts'
import type { ForwardOutcome, ForwardRequest } from './forward-request.ts'
import { METHODS } from './methods.ts'
import { retryPauseMs } from './retry.ts'
import type { Target } from './target.ts'

/** Takes a request through the bulkhead and from target to target until one answers. */
export function forward(request: ForwardRequest, course: Course): Promise<ForwardOutcome> {
  const unacceptable = refusalOfRequest(request)
  if (unacceptable !== undefined) return Promise.resolve(unacceptable)
  course.counts.requests++
  course.budget.earn()
  const entry = course.bulkhead.enter(request.signal)
  return typeof entry === 'string'
    ? proceed(entry, request, course)
    : entry.then((awaited) => proceed(awaited, request, course))
}

function proceed(entry: Entry, request: ForwardRequest, course: Course): Promise<ForwardOutcome> {
  if (entry !== 'entered') return Promise.resolve(turnAway(entry, course))
  const timeouts =
    request.timeouts === undefined ? course.timeouts : { ...course.timeouts, ...request.timeouts }
  const totalAtMs = course.clock.monotonicMs() + timeouts.totalMs
  return tryTargets({ request, timeouts, totalAtMs }, course)
}

async function tryTargets(prepared: PreparedRequest, course: Course): Promise<ForwardOutcome> {
  const { clock, bulkhead } = course
  const tried: Target[] = []
  for (;;) {
    const nowMs = clock.monotonicMs()
    const target = course.pick(nowMs, tried)
    if (target === undefined || !target.enter(nowMs)) {
      bulkhead.leave()
      return unavailable(course, nowMs)
    }
    tried.push(target)
    const place = createPlace(target, course)
    const outcome = await course.send({ ...prepared, target, onEnd: place.ended })
    const { failure } = outcome
    const pauseMs =
      failure === undefined ? undefined : retryPauseMs(outcome, prepared, tried, course)
    if (failure !== undefined) report(failure, target, pauseMs === undefined, course)
    if (pauseMs === undefined) {
      place.answered()
      return outcome.ok ? outcome.response : refusalOf(outcome.failure, course.name)
    }
    await discard(outcome)
    await sleep(pauseMs)
    if (prepared.request.signal?.aborted === true) {
      bulkhead.leave()
      return refusalOf(CLIENT_GONE, course.name)
    }
    course.counts.retries++
    const attempt = tried.length
    course.onEvent({ upstream: course.name, kind: 'retried', target: target.url, attempt })
  }
}

/**
 * What a try holds: its target's place until its last byte has passed, and the request's place in the
 * bulkhead until then too, unless another try takes that over.
 */
function createPlace(
  target: Target,
  course: Course,
): {
  readonly answered: () => void
  readonly ended: (failure: Failure | undefined) => void
} {
  let isAnswered = false
  let isEnded = false
  return {
    answered() {
      isAnswered = true
      if (isEnded) course.bulkhead.leave()
    },
    ended(failure) {
      isEnded = true
      target.leave(verdictOf(failure), course.clock.monotonicMs())
      if (!isAnswered) return
      course.bulkhead.leave()
      // The head was passed on already: this is the only word about a body cut off.
      if (failure !== undefined && failure.kind !== 'status') report(failure, target, true, course)
    },
  }
}

function verdictOf(failure: Failure | undefined): 'good' | 'bad' | 'unknown' {
  if (failure === undefined) return 'good'
  return failure.kind === 'aborted' ? 'unknown' : 'bad'
}

function report(failure: Failure, target: Target, final: boolean, course: Course): void {
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

/** Why a request cannot be forwarded at all, if so. */
export function refusalOfRequest(request: ForwardRequest): Refusal | undefined {
  if (!METHODS.has(request.method)) return refuse('method_not_allowed')
  if (!isCanonical(request.path)) return refuse('path_invalid')
  const carriesBody =
    request.body !== null && !(request.body instanceof Uint8Array && request.body.length === 0)
  if (carriesBody && (request.method === 'GET' || request.method === 'HEAD')) {
    return refuse('bad_request', { detail: `A ${request.method} request cannot carry a body.` })
  }
  return undefined
}

/** The path goes onto the wire as it is: no server may read another one out of it. */
function isCanonical(path: string): boolean {
  return (
    path.charCodeAt(0) === 0x2f &&
    !/[^\x21-\x7e]|#|^[^?]*(?:\\|\/(?:\.|%2e){1,2}(?:[/?]|$))/i.test(path)
  )
}

/** The answer to a request that got no place in the bulkhead. */
export function turnAway(entry: Exclude<Entry, 'entered'>, course: Course): Refusal {
  if (entry === 'aborted') {
    return refusalOf(CLIENT_GONE, course.name)
  }
  course.counts.overloaded++
  course.onEvent({ upstream: course.name, kind: 'overloaded', reason: entry })
  return refuse('upstream_unavailable', {
    headers: { 'retry-after': '1' },
    internal: `${course.name}: ${entry}`,
  })
}

/** The answer when no target can take a request. */
export function unavailable(course: Course, nowMs: number): Refusal {
  course.counts.failures++
  const waitMs = Math.min(...course.targets.map((target) => target.waitMs(nowMs)))
  return refuse('upstream_unavailable', {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) },
    internal: `${course.name}: no target is available`,
  })
}

async function discard(outcome: AttemptOutcome): Promise<void> {
  if (!outcome.ok) return
  try {
    await outcome.response.body?.cancel()
  } catch {
    // It broke by itself; nobody wanted it any longer.
  }
}

const sleep = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms))
