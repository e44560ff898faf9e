import type { Course, PreparedRequest } from './course.ts'
import type { Failure } from './failure.ts'
import { IDEMPOTENT } from './methods.ts'
import { backoffMs, retryAfterMs } from './retry-budget.ts'
import type { Target } from './target.ts'
import type { TryOutcome } from './try.ts'

/**
 * How long to wait before the next try, in milliseconds, or `undefined` if there must be none: the request may have had
 * an effect and is not idempotent (RFC 9110 §9.2.2), its body cannot be sent again, tries, time or budget are used up,
 * the upstream asks for a longer pause than is worth waiting for, or the only target left has answered and a cache
 * decides what to do with that answer (stale-if-error).
 *
 * If the connection could not be opened, nothing was sent, and a request with any method may be tried again.
 */
export function retryPauseMs(
  outcome: TryOutcome,
  { request, totalAtMs }: PreparedRequest,
  tried: readonly Target[],
  course: Course,
): number | undefined {
  const { config, clock, random } = course
  const { failure } = outcome
  if (failure === undefined || tried.length > config.retries.attempts) return undefined
  if (!mayRepeat(request.method, failure) || request.body instanceof ReadableStream)
    return undefined
  if (failure.kind === 'aborted' || request.client?.isGone === true) return undefined
  const nowMs = clock.monotonicMs()
  const another = course.targets.some((t) => !tried.includes(t) && t.isAvailable(nowMs))
  if (outcome.ok && !another && request.isCached === true) return undefined
  const askedMs =
    outcome.ok && !another
      ? (retryAfterMs(outcome.answer.get('retry-after'), clock.nowMs()) ?? 0)
      : 0
  if (askedMs > config.retries.retryAfterMax) return undefined
  const pauseMs = askedMs + backoffMs(tried.length - 1, config.retries, random.fraction())
  if (nowMs + pauseMs >= totalAtMs) return undefined
  if (course.budget.spend()) return pauseMs
  course.onEvent({ upstream: course.name, kind: 'retry_budget_spent' })
  return undefined
}

function mayRepeat(method: string, failure: Failure): boolean {
  return IDEMPOTENT.has(method) || failure.kind === 'connect'
}
