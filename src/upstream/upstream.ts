import type { Clock } from '../core/clock.ts'
import type { Random } from '../core/random.ts'
import { createPick } from './balance.ts'
import { createBulkhead } from './bulkhead.ts'
import type { UpstreamConfig } from './config.ts'
import type { Course } from './course.ts'
import type { Deadlines } from './deadlines.ts'
import type { UpstreamEvent } from './events.ts'
import type { Failure } from './failure.ts'
import type { Timeouts } from './forward-request.ts'
import { forward } from './forward.ts'
import type { OpenLink } from './http1/link.ts'
import { openWebSocket } from './open-websocket.ts'
import { createWriteHead } from './request-headers.ts'
import { createResponseFields } from './response-headers.ts'
import { createRetryBudget } from './retry-budget.ts'
import type { UpstreamStats } from './stats.ts'
import type { Target } from './target.ts'
import { createTarget } from './target.ts'
import type { Upstream } from './upstream-types.ts'

/** What {@link createUpstream} needs. */
export interface UpstreamOptions {
  readonly name: string
  readonly config: UpstreamConfig
  readonly clock: Clock
  readonly random: Random
  readonly deadlines: Deadlines
  readonly credentialHeaders?: readonly string[] | undefined
  readonly judgedHeaders?: readonly string[] | undefined
  readonly onEvent: (event: UpstreamEvent) => void
  readonly openLink?: OpenLink | undefined
}

/** An {@link Upstream} with what {@link Upstreams} needs of it. */
export interface ManagedUpstream extends Upstream {
  readonly targets: readonly Target[]
  readonly inFlight: number
}

/** Creates one upstream. */
export function createUpstream(options: UpstreamOptions): ManagedUpstream {
  const { name, config, clock, onEvent, random, openLink } = options
  const targets: Target[] = []
  const mayEject = (): boolean => {
    const out = targets.filter((target) => target.stats().ejectedUntilMs !== undefined).length
    return out + 1 <= Math.floor(targets.length * config.ejection.shareMax)
  }
  for (const entry of config.targets) {
    targets.push(
      createTarget(entry, { upstream: name, config, clock, mayEject, onEvent, openLink }),
    )
  }
  const bulkhead = createBulkhead(config.inFlightMax, config.queue.max, config.queue.timeout)
  const course: Course = {
    name,
    config,
    clock,
    random,
    onEvent,
    targets,
    bulkhead,
    pick: createPick(config.balance, targets, random),
    counts: { requests: 0, retries: 0, failures: 0, overloaded: 0 },
    budget: createRetryBudget(config.retries.budget),
    writeHead: createWriteHead(config, options),
    responseFields: createResponseFields(config),
    deadlines: options.deadlines,
    failing: failingOf(config),
    timeouts: timeoutsOf(config),
  }
  return {
    name,
    targets,
    get inFlight() {
      return bulkhead.inFlight
    },
    forward: (request) => forward(request, course),
    openWebSocket: (request) => openWebSocket(request, course),
    stats: () => statsOf(course),
  }
}

const failingOf = ({ retries }: UpstreamConfig): ReadonlyMap<number, Failure> =>
  new Map(retries.statuses.map((status) => [status, { kind: 'status', cause: `status ${status}` }]))

function timeoutsOf({ timeouts }: UpstreamConfig): Timeouts {
  return {
    firstByteMs: timeouts.firstByte,
    idleMs: timeouts.idle,
    totalMs: timeouts.total ?? Infinity,
  }
}

function statsOf({ name, bulkhead, counts, targets }: Course): UpstreamStats {
  return {
    name,
    inFlight: bulkhead.inFlight,
    queued: bulkhead.queued,
    ...counts,
    targets: targets.map((target) => target.stats()),
  }
}
