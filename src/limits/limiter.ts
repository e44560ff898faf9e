import type { Caller } from '../core/caller.ts'
import { anonymousCaller, newCaller } from '../core/caller.ts'
import { canonicalAddress } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import type { Outcome } from '../core/refusal.ts'
import { fail, succeed } from '../core/refusal.ts'
import type { ClaimState, Counters } from '../storage/index.ts'
import type { LimitConfig, LimitsConfig } from './config.ts'
import type { LimitHooks, LimitPlan } from './plan.ts'
import { createPlan } from './plan.ts'
import type { PreparedLimit } from './prepared-limit.ts'
import { prepareLimit } from './prepared-limit.ts'
import type { Rate } from './rate.ts'

/** What a limiter needs. */
export interface LimiterOptions {
  readonly limits: LimitsConfig
  readonly counters: Counters
  /** Counters of this process alone, for limits with `fail: local`; default `counters`. */
  readonly local?: Counters
  readonly clock: Clock
  readonly hooks?: LimitHooks
}

/** Whose use of a limit an operator asks about. Fields left out count as absent from the caller. */
export interface LimitSubject {
  readonly limit: string
  readonly address?: string
  /** Id of the credential. */
  readonly keyId?: string
  readonly userId?: string
  readonly tenantId?: string
  readonly routeId?: string
  readonly plan?: string
  /** The caller's own values, by limit name. */
  readonly limits?: Readonly<Record<string, number>>
}

/** A limit as listed. */
export interface LimitListing {
  readonly name: string
  readonly config: LimitConfig
  /** Its `RateLimit-Policy` member. */
  readonly policy: string
}

/** A subject's use of a limit. */
export interface LimitUse extends ClaimState {
  /** Name and subject of its counter. */
  readonly counter: string
  readonly subject: string
}

/** Named limits on shared counters. */
export interface Limiter {
  /**
   * Compiles the limits of a route. Throws a `RangeError` when a name is unknown or the cost is more than a limit
   * can ever grant, so check the configuration with {@link Limiter.problems} first.
   */
  prepare(route: {
    readonly limits: readonly string[]
    readonly cost: number
    readonly routeId: string
    /** Whether {@link LimitPlan.rateLimit} will be asked for granted tickets; default true. */
    readonly reports?: boolean
  }): LimitPlan
  /** Why a route cannot have these limits at this cost; empty when it can. */
  problems(limits: readonly string[], cost: number): readonly string[]
  list(): readonly LimitListing[]
  /** What a subject has left of a limit; nothing is taken. */
  peek(subject: LimitSubject): Promise<Outcome<LimitUse>>
  /** Forgets what a subject has used of a limit. */
  reset(subject: LimitSubject): Promise<Outcome<LimitUse>>
}

/** Creates a {@link Limiter}. A new one on the same counters continues where the old one left off. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { counters, clock, hooks = {} } = options
  const limits = new Map(Object.entries(options.limits))

  const problems = (names: readonly string[], cost: number): string[] =>
    names.flatMap((name) => {
      const config = limits.get(name)
      if (config === undefined) return [`no limit is named ${name}`]
      const most = mostAtOnce(config)
      return cost > most ? [`a cost of ${cost} exceeds the ${most} that ${name} can grant`] : []
    })

  const locate = (subject: LimitSubject): Outcome<Located> => {
    const config = limits.get(subject.limit)
    if (config === undefined) return fail('not_found', { detail: 'No such limit.' })
    const address = subject.address === undefined ? '' : canonicalAddress(subject.address)
    if (address === undefined) return fail('bad_request', { detail: 'Not an IP address.' })
    if (address === '' && subject.keyId === undefined && subject.userId === undefined) {
      const needed = [config.by].flat().some((kind) => kind !== 'route' && kind !== 'tenant')
      if (needed) return fail('bad_request', { detail: 'Name an address, a key or a user.' })
    }
    const limit = prepareLimit(subject.limit, config, {
      routeId: subject.routeId ?? '',
      cost: 1,
    })
    const caller = callerOf(subject)
    return succeed({ limit, rate: limit.rate(caller), address, caller })
  }

  const peek = async (subject: LimitSubject): Promise<Outcome<LimitUse>> => {
    const located = locate(subject)
    if (!located.ok) return located
    const { limit, rate, address, caller } = located.value
    const claim = limit.claim(rate, address, caller)
    const state = await counters.peek(claim, clock.nowMs())
    return succeed({ ...state, counter: claim.name, subject: claim.subject })
  }

  return {
    prepare({ limits: names, cost, routeId, reports = true }) {
      const [problem] = problems(names, cost)
      if (problem !== undefined) throw new RangeError(problem)
      const prepared = [...new Set(names)].map((name) =>
        prepareLimit(name, limits.get(name)!, { routeId, cost }),
      )
      const local = options.local ?? counters
      return createPlan({ limits: prepared, counters, local, hooks, reports })
    },
    problems,
    list: () =>
      [...limits].map(([name, config]) => ({
        name,
        config,
        policy: prepareLimit(name, config, { routeId: '', cost: 1 }).base.policyItem,
      })),
    peek,
    async reset(subject) {
      const located = locate(subject)
      if (!located.ok) return located
      const { limit, rate, address, caller } = located.value
      const claim = limit.claim(rate, address, caller)
      await counters.reset(claim.name, claim.subject)
      return peek(subject)
    },
  }
}

interface Located {
  readonly limit: PreparedLimit
  readonly rate: Rate
  readonly address: string
  readonly caller: Caller
}

function callerOf(subject: LimitSubject): Caller {
  return newCaller({
    ...anonymousCaller,
    kind: subject.keyId === undefined ? 'anonymous' : 'key',
    id: subject.keyId ?? '',
    userId: subject.userId,
    tenantId: subject.tenantId ?? '',
    plan: subject.plan,
    limits: subject.limits,
  })
}

function mostAtOnce(config: LimitConfig): number {
  if (config.kind === 'concurrency') return Infinity
  return config.kind === 'bucket' ? (config.burst ?? config.limit) : config.limit
}
