import type { Caller } from '../core/caller.ts'
import type { Outcome } from '../core/refusal.ts'
import type { LimitPlan, LimitUse, Ticket } from '../limits/index.ts'
import type { Exchange } from './exchange.ts'
import type { StageBody, Step } from './stage.ts'

/** What {@link createLimit} is made of. */
export interface LimitStageOptions {
  readonly plan: LimitPlan
  /** Whether a limit counts by address even for known callers, so that the address is always needed. */
  readonly countsAddresses: boolean
  /** Whether to send RateLimit and RateLimit-Policy with answers. */
  readonly sendHeaders: boolean
  /** What is left of a limit, for explanations. */
  readonly peek: (caller: Caller, limit: string, address: string) => Promise<Outcome<LimitUse>>
  /** Counts a refusal by limit. */
  readonly onRefusal: (limit: string) => void
}

/** The stage, and a look at the limits that takes nothing from them. */
export interface LimitStage extends StageBody {
  /** Whether `cost` could be taken from each limit now. */
  hasRoom(exchange: Exchange, cost: number): Promise<boolean>
}

/** How much? Takes from all limits of the route or from none; held places are given back at the exit. */
export function createLimit(options: LimitStageOptions): LimitStage {
  const { plan, countsAddresses, sendHeaders, onRefusal } = options
  const settle = (exchange: Exchange, ticket: Ticket): Step => {
    if (ticket.refusal !== undefined) {
      const limit = ticket.refusal.extra?.['limit']
      if (typeof limit === 'string') onRefusal(limit)
      return ticket.refusal
    }
    if (plan.holds) exchange.release = () => plan.release(ticket)
    if (sendHeaders && ticket.policy !== '') {
      const { policy } = ticket
      const rateLimit = plan.rateLimit(ticket)
      exchange.responseHeaders = { ratelimit: rateLimit, 'ratelimit-policy': policy }
      // Names of limits and numbers: nothing that could break out of its line.
      exchange.responseLines = `ratelimit: ${rateLimit}\r\nratelimit-policy: ${policy}\r\n`
    }
    return undefined
  }
  // A function of its own, so that the synchronous case allocates no closure.
  const settleLater = async (exchange: Exchange, ticket: Promise<Ticket>): Promise<Step> =>
    settle(exchange, await ticket)
  return {
    run(exchange) {
      if (exchange.notes !== undefined) return explainLimit(exchange, options)
      const { caller } = exchange
      const address = countsAddresses || caller.id === '' ? exchange.address : ''
      const ticket = plan.take(address, caller, exchange.nowMs)
      return ticket instanceof Promise ? settleLater(exchange, ticket) : settle(exchange, ticket)
    },
    async hasRoom({ caller, address }, cost) {
      const uses = await Promise.all(
        plan.limits.map(async (limit) => options.peek(caller, limit, address)),
      )
      return uses.every((use) => use.ok && use.value.remaining >= cost)
    },
  }
}

/** Says what is left of each limit, without taking anything. */
async function explainLimit(exchange: Exchange, options: LimitStageOptions): Promise<Step> {
  const { caller, address } = exchange
  const uses = await Promise.all(
    options.plan.limits.map(async (limit) => {
      const use = await options.peek(caller, limit, address)
      return use.ok ? `${limit}: ${use.value.remaining} of ${use.value.limit} left` : limit
    }),
  )
  exchange.rule = uses.join(', ')
  return undefined
}
