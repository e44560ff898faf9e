import type { Caller } from '../core/caller.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { Claim, ClaimState, Counters, TakeOutcome } from '../storage/index.ts'
import { GRANTED } from '../storage/index.ts'
import { renderPolicy, renderRateLimit, retryAfterSeconds } from './headers.ts'
import type { ClaimForm } from './claimant.ts'
import type { PreparedLimit } from './prepared-limit.ts'

/** The outcome of taking from a plan's limits: granted when `refusal` is absent. */
export interface Ticket {
  readonly refusal: Refusal | undefined
  /** Value of `RateLimit-Policy`; empty when nothing is to be advertised. */
  readonly policy: string
  /** The limits that were asked and their states, in the same order. */
  readonly limits: readonly PreparedLimit[]
  readonly states: readonly ClaimState[]
  /** What {@link LimitPlan.release} gives back; private to the plan. */
  held: Holding | undefined
}

/** The concurrency that was taken, and the counters it was taken from. */
interface Holding {
  readonly counters: Counters
  readonly claims: readonly Claim[]
}

/** The limits of a route, compiled. */
export interface LimitPlan {
  readonly limits: readonly string[]
  /** Whether granted tickets hold something that {@link LimitPlan.release} must give back. */
  readonly holds: boolean
  /**
   * Takes the route's cost from all limits or from none. Synchronous when the counters are in this process.
   *
   * @param address canonical client address
   * @param nowMs wall-clock time
   */
  take(address: string, caller: Caller, nowMs: number): Ticket | Promise<Ticket>
  /** Value of the `RateLimit` field; empty when nothing is to be advertised. */
  rateLimit(ticket: Ticket): string
  /** Ends the request: gives back what was taken from concurrency limits. Further calls have no effect. */
  release(ticket: Ticket): void
}

/** What the rest of the gate hears from a limiter. Hooks must not throw. */
export interface LimitHooks {
  /** A limit in shadow mode would have refused. */
  readonly onShadow?: (limit: string, subject: string) => void
  /** The counters are out of reach; each limit did what its `fail` says. */
  readonly onBackendFailure?: (error: unknown) => void
}

/** What {@link createPlan} needs. */
export interface PlanParts {
  readonly limits: readonly PreparedLimit[]
  readonly counters: Counters
  /** Counters of this process alone, for limits with `fail: local`. */
  readonly local: Counters
  readonly hooks: LimitHooks
  /** Whether {@link LimitPlan.rateLimit} will be asked for; if not, granted tickets carry no states. */
  readonly reports: boolean
}

const nothingTaken: TakeOutcome = { granted: true, states: [] }

/** The ticket of a request that was granted, holds nothing and reports nothing. */
const PASS: Ticket = Object.freeze({
  refusal: undefined,
  policy: '',
  limits: [],
  states: [],
  held: undefined,
})

/** Compiles limits into a {@link LimitPlan}. */
export function createPlan(parts: PlanParts): LimitPlan {
  const { limits, counters, hooks } = parts
  const holds = limits.some((limit) => limit.config.kind === 'concurrency')
  const shadows = limits.some((limit) => limit.config.shadow)
  const basePolicy = renderPolicy(limits, (limit) => limit.base.policyItem)
  const brief = !parts.reports && !holds && !shadows
  const newForms = (): ClaimForm[] => limits.map((limit) => limit.form())
  /** Filled in again for each request; replaced by new ones when the old may still be in use. */
  let forms = newForms()

  const settle = (
    outcome: TakeOutcome,
    claims: readonly Claim[],
    policy: string,
    asked = limits,
    source = counters,
  ): Ticket => {
    const { states } = outcome
    if (shadows) reportShadows(asked, claims, states, hooks)
    const refusal = outcome.granted ? undefined : limitRefusal(asked, states, policy)
    const held = holds && outcome.granted ? { counters: source, claims } : undefined
    return { refusal, policy, limits: asked, states, held }
  }

  const withoutBackend = async (
    error: unknown,
    claims: readonly Claim[],
    policy: string,
    nowMs: number,
  ): Promise<Ticket> => {
    hooks.onBackendFailure?.(error)
    if (limits.some((limit) => limit.config.fail === 'closed' && !limit.config.shadow)) {
      const headers = { 'Retry-After': '1' }
      const refusal = refuse('unavailable', { headers, internal: 'counters out of reach' })
      return { refusal, policy: '', limits: [], states: [], held: undefined }
    }
    const isLocal = (_: unknown, index: number): boolean => limits[index]?.config.fail === 'local'
    const kept = limits.filter(isLocal)
    const keptClaims = claims.filter(isLocal)
    const outcome = kept.length === 0 ? nothingTaken : await parts.local.take(keptClaims, nowMs)
    return settle(outcome, keptClaims, kept.length === 0 ? '' : policy, kept, parts.local)
  }

  // A function of its own, so that the synchronous case allocates no closure.
  const settleLater = async (
    outcome: Promise<TakeOutcome>,
    claims: readonly Claim[],
    policy: string,
    nowMs: number,
  ): Promise<Ticket> => {
    let settled: TakeOutcome
    try {
      settled = await outcome
    } catch (error) {
      return withoutBackend(error, claims, policy, nowMs)
    }
    return settle(settled, claims, policy)
  }

  return {
    limits: limits.map((limit) => limit.name),
    holds,
    take(address, caller, nowMs) {
      const claims = forms
      let policy = basePolicy
      for (let index = 0; index < limits.length; index++) {
        const limit = limits[index]!
        const rate = limit.rate(caller)
        if (rate !== limit.base) policy = ''
        limit.fill(claims[index]!, rate, address, caller)
      }
      if (policy !== basePolicy) {
        policy = policyOf(limits, caller)
      }
      try {
        // All anonymous requests share one caller object, so its hint would mix up their counters.
        const hint = caller.id === '' ? undefined : caller
        const outcome = counters.take(claims, nowMs, brief, hint)
        if (outcome === GRANTED) return PASS
        if (holds || outcome instanceof Promise) forms = newForms()
        return outcome instanceof Promise
          ? settleLater(outcome, claims, policy, nowMs)
          : settle(outcome, claims, policy)
      } catch (error) {
        forms = newForms()
        return withoutBackend(error, claims, policy, nowMs)
      }
    },
    rateLimit: (ticket) => renderRateLimit(ticket.limits, ticket.states),
    release(ticket) {
      const { held } = ticket
      if (held === undefined) return
      ticket.held = undefined
      held.counters.release(held.claims)
    },
  }
}

/** The policy field for a caller whose rates differ from the base. */
const policyOf = (limits: readonly PreparedLimit[], caller: Caller): string =>
  renderPolicy(limits, (limit) => limit.rate(caller).policyItem)

function reportShadows(
  limits: readonly PreparedLimit[],
  claims: readonly Claim[],
  states: readonly ClaimState[],
  hooks: LimitHooks,
): void {
  for (let index = 0; index < claims.length; index++) {
    if (claims[index]!.shadow && states[index]?.exceeded === true) {
      hooks.onShadow?.(limits[index]!.name, claims[index]!.subject)
    }
  }
}

const CODES = {
  bucket: 'rate_limited',
  sliding: 'rate_limited',
  calendar: 'quota_exceeded',
  concurrency: 'concurrency_exceeded',
} as const

/** The refusal names the limit that keeps the caller waiting longest. */
function limitRefusal(
  limits: readonly PreparedLimit[],
  states: readonly ClaimState[],
  policy: string,
): Refusal {
  const violated = limits
    .map((limit, index) => ({ limit, state: states[index]! }))
    .filter(({ limit, state }) => state.exceeded && !limit.config.shadow)
  const [first, ...others] = violated
  if (first === undefined) return refuse('rate_limited')
  const { limit, state } = others.reduce(
    (worst, next) => (next.state.retryMs > worst.state.retryMs ? next : worst),
    first,
  )
  const headers: Record<string, string> = {
    RateLimit: renderRateLimit(limits, states),
    'RateLimit-Policy': policy,
  }
  if (Number.isFinite(state.retryMs)) headers['Retry-After'] = `${retryAfterSeconds(state.retryMs)}`
  return refuse(CODES[limit.config.kind], {
    extra: {
      limit: limit.name,
      resetMs: Number.isFinite(state.resetMs) ? Math.ceil(state.resetMs) : undefined,
      'violated-policies': violated.map((entry) => entry.limit.name),
    },
    headers,
  })
}
