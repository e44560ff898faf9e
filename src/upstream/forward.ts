import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { Entry } from './bulkhead.ts'
import type { Course, PreparedRequest } from './course.ts'
import type { Failure } from './failure.ts'
import { CLIENT_GONE, refusalOf } from './failure.ts'
import type { ForwardOutcome, ForwardRequest } from './forward-request.ts'
import { METHODS } from './methods.ts'
import { retryPauseMs } from './retry.ts'
import type { Target } from './target.ts'
import type { TryOutcome } from './try.ts'
import { reportFailure, Try } from './try.ts'

/** Takes a request through the bulkhead and from target to target until one answers. */
export function forward(request: ForwardRequest, course: Course): Promise<ForwardOutcome> {
  const unacceptable = refusalOfRequest(request)
  if (unacceptable !== undefined) return Promise.resolve(unacceptable)
  course.counts.requests++
  course.budget.earn()
  const entry = course.bulkhead.enter(request.client)
  return entry === 'entered' ? proceed(request, course) : wait(entry, request, course)
}

async function wait(
  entry: Entry | Promise<Entry>,
  request: ForwardRequest,
  course: Course,
): Promise<ForwardOutcome> {
  const awaited = await entry
  return awaited === 'entered' ? proceed(request, course) : turnAway(awaited, course)
}

function proceed(request: ForwardRequest, course: Course): Promise<ForwardOutcome> {
  const timeouts =
    request.timeouts === undefined ? course.timeouts : { ...course.timeouts, ...request.timeouts }
  const totalAtMs = course.clock.monotonicMs() + timeouts.totalMs
  return new Promise((resolve) => tryNext({ request, timeouts, totalAtMs }, [], course, resolve))
}

type Resolve = (outcome: ForwardOutcome) => void

const UNSOUND: Failure = { kind: 'protocol', cause: 'a header value cannot be sent' }

/** Tries the next target. A single promise covers all tries: callbacks lead from one to the next. */
function tryNext(
  prepared: PreparedRequest,
  tried: Target[],
  course: Course,
  resolve: Resolve,
): void {
  const { request } = prepared
  const nowMs = course.clock.monotonicMs()
  const target = course.pick(nowMs, tried)
  if (target === undefined) {
    leave(request, course)
    return resolve(unavailable(course, nowMs))
  }
  const head = course.writeHead(request, target)
  if (head === undefined) {
    leave(request, course)
    return resolve(refusalOf(UNSOUND, course.name))
  }
  if (!target.enter(nowMs)) {
    leave(request, course)
    return resolve(unavailable(course, nowMs))
  }
  tried.push(target)
  const settle = (outcome: TryOutcome, attempt: Try): void => {
    if (outcome.failure === undefined) {
      attempt.answered()
      return resolve(outcome.answer)
    }
    const { failure } = outcome
    const pauseMs = retryPauseMs(outcome, prepared, tried, course)
    reportFailure(failure, target, pauseMs === undefined, course, request)
    if (pauseMs !== undefined) return void again(outcome, pauseMs, prepared, tried, course, resolve)
    attempt.answered()
    resolve(outcome.ok ? outcome.answer : refusalOf(outcome.failure, course.name))
  }
  new Try(prepared, target, head, course, nowMs, settle).start()
}

async function again(
  outcome: TryOutcome,
  pauseMs: number,
  prepared: PreparedRequest,
  tried: Target[],
  course: Course,
  resolve: Resolve,
): Promise<void> {
  await discard(outcome)
  await sleep(pauseMs)
  if (prepared.request.client?.isGone === true) {
    leave(prepared.request, course)
    return resolve(refusalOf(CLIENT_GONE, course.name))
  }
  course.counts.retries++
  const attempt = tried.length
  const target = tried.at(-1)?.url ?? ''
  course.onEvent({ upstream: course.name, kind: 'retried', target, attempt })
  tryNext(prepared, tried, course, resolve)
}

/** Gives the request's place back. */
function leave(request: ForwardRequest, { bulkhead }: Course): void {
  bulkhead.leave()
  request.onEnd?.()
}

/** Why a request cannot be forwarded at all; `undefined` if it can. */
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

/** The path is sent unchanged, so no server may interpret it as a different one. */
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

async function discard(outcome: TryOutcome): Promise<void> {
  if (!outcome.ok || !(outcome.answer.body instanceof ReadableStream)) return
  try {
    await outcome.answer.body.cancel()
  } catch {
    // The body had already failed, and is no longer needed.
  }
}

const sleep = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms))
