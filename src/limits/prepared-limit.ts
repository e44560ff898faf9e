import type { Caller } from '../core/caller.ts'
import type { Claim } from '../storage/index.ts'
import type { Claimant, ClaimForm } from './claimant.ts'
import { compileClaimant } from './claimant.ts'
import type { LimitConfig } from './config.ts'
import type { Rate } from './rate.ts'
import { rateOf } from './rate.ts'

/** How many callers' own rates are kept ready for each limit; further ones are made for each request. */
const OWN_RATES_MAX = 1024

/** One limit of one route, compiled. */
export interface PreparedLimit {
  readonly name: string
  readonly config: LimitConfig
  /** The rate for callers without a plan or a value of their own. */
  readonly base: Rate
  /** Start of this limit's member in the `RateLimit` list. */
  readonly statePrefix: string
  /** The rate that applies to `caller`: its own, or else its plan's, or else the base. */
  rate(caller: Caller): Rate
  claim(rate: Rate, address: string, caller: Caller): Claim
  /** A form for {@link PreparedLimit.fill}. */
  form(): ClaimForm
  /** Makes a form the claim of one request. */
  fill(form: ClaimForm, rate: Rate, address: string, caller: Caller): void
}

/** Compiles `config` for a route. A concurrency limit counts each request as one, whatever the route's cost. */
export function prepareLimit(
  name: string,
  config: LimitConfig,
  route: { readonly routeId: string; readonly cost: number },
): PreparedLimit {
  const base = rateOf(name, config, config.limit)
  const plans = new Map(
    Object.entries(config.plans).map(([plan, limit]) => [plan, rateOf(name, config, limit)]),
  )
  const own = new Map<number, Rate>()
  const claimant: Claimant = compileClaimant({
    limit: name,
    by: config.by,
    routeId: route.routeId,
    cost: config.kind === 'concurrency' ? 1 : route.cost,
    shadow: config.shadow,
  })
  const ownRate = (limit: number): Rate => {
    const known = own.get(limit)
    if (known !== undefined) return known
    const rate = rateOf(name, config, limit)
    if (own.size < OWN_RATES_MAX) own.set(limit, rate)
    return rate
  }
  return {
    name,
    config,
    base,
    statePrefix: `"${name}";r=`,
    rate(caller) {
      const limits = caller.limits
      if (limits !== undefined && Object.hasOwn(limits, name)) return ownRate(limits[name] ?? 0)
      if (plans.size === 0 || caller.plan === undefined) return base
      return plans.get(caller.plan) ?? base
    },
    claim(rate, address, caller) {
      const form = claimant.form(rate.shape)
      claimant.fill(form, rate.shape, address, caller)
      return form
    },
    form: () => claimant.form(base.shape),
    fill: (form, rate, address, caller) => claimant.fill(form, rate.shape, address, caller),
  }
}
