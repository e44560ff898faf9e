import type { ClaimState } from '../storage/index.ts'
import type { PreparedLimit } from './prepared-limit.ts'
import { fieldInteger } from './rate.ts'

/** Seconds until a retry may succeed, rounded up, at least one (RFC 9110 §10.2.3). */
export const retryAfterSeconds = (retryMs: number): number =>
  Math.max(1, fieldInteger(retryMs / 1000))

/**
 * The `RateLimit` field (draft-ietf-httpapi-ratelimit-headers-11 §4): a list with one item for each policy, saying
 * what is left (`r`) and in how many seconds more becomes available (`t`). When nothing is left, `t` says when a
 * request of this cost may succeed, so that it never contradicts `Retry-After`. Limits in shadow mode are not
 * advertised.
 */
export function renderRateLimit(
  limits: readonly PreparedLimit[],
  states: readonly ClaimState[],
): string {
  let text = ''
  for (let index = 0; index < limits.length; index++) {
    const limit = limits[index]!
    const state = states[index]
    if (state === undefined || limit.config.shadow) continue
    if (text !== '') text += ', '
    text += limit.statePrefix + fieldInteger(Math.floor(state.remaining))
    if (limit.config.kind === 'concurrency') continue
    const waitMs =
      state.exceeded || state.remaining < 1 ? state.retryMs || state.resetMs : state.resetMs
    if (waitMs !== Infinity) text += `;t=${fieldInteger(waitMs / 1000)}`
  }
  return text
}

/** The `RateLimit-Policy` field: its members, without those of limits in shadow mode. */
export function renderPolicy(
  limits: readonly PreparedLimit[],
  itemOf: (limit: PreparedLimit, index: number) => string,
): string {
  return limits
    .flatMap((limit, index) => (limit.config.shadow ? [] : [itemOf(limit, index)]))
    .join(', ')
}
