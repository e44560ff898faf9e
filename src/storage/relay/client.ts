import type { Clock } from '../../core/clock.ts'
import type { Bus } from '../bus.ts'
import type { Counters } from '../counters.ts'
import type { Log } from '../log.ts'
import { createLocalBus } from '../memory/bus.ts'
import type { Records } from '../records.ts'
import type { Siblings } from '../siblings.ts'
import { Caller } from './caller.ts'
import type { Link } from './link.ts'
import { createRelayedLog } from './relayed-log.ts'
import { createRelayedRecords } from './relayed-records.ts'
import { relaySiblings } from './sibling-link.ts'
import type { Standstill } from './standstill.ts'
import { watchStandstill } from './standstill.ts'
import { decodeOutcome, decodeState } from './wire.ts'

/** What {@link createRelayClient} needs. */
export interface RelayClientOptions {
  readonly link: Link
  readonly clock: Clock
  /** A call that is not answered in this time is rejected; whether it took effect is unknown. */
  readonly timeoutMs: number
  /** The most calls that may wait at the same time. Default: 10,000. */
  readonly pendingMax?: number
}

/** The storage of another process. Closing a part ends its use only in this process. */
export interface RelayClient {
  readonly records: Records
  readonly counters: Counters
  readonly log: Log
  readonly bus: Bus
  readonly siblings: Siblings
}

const PENDING_MAX = 10_000
/** After a longer pause of this process, it distrusts everything that it remembers. */
const STANDSTILL_MS = 500

/**
 * Uses the storage that another process serves with a RelayServer. Everything is asynchronous. When the link is lost,
 * pending and later calls are rejected with a RelayError, and subscribers of the bus are told of the gap.
 */
export function createRelayClient(options: RelayClientOptions): RelayClient {
  const { link, clock, timeoutMs, pendingMax = PENDING_MAX } = options
  const local = createLocalBus()
  const { siblings, hear } = relaySiblings(() => caller)
  const caller: Caller = new Caller({
    link,
    clock,
    timeoutMs,
    pendingMax,
    onEvent: (event) => local.deliver(event),
    onWord: hear,
    onLost: () => local.deliver({ kind: 'gap' }),
  })
  const standstill = watchStandstill({
    clock,
    boundMs: STANDSTILL_MS,
    onStandstill: () => local.deliver({ kind: 'gap', isSilence: true }),
  })
  return {
    records: createRelayedRecords(caller),
    counters: relayedCounters(caller),
    log: createRelayedLog(caller),
    bus: relayedBus(caller, local.bus, standstill),
    siblings,
  }
}

function relayedCounters(caller: Caller): Counters {
  const release: Counters['release'] = (claims) => {
    const held = claims.filter((claim) => claim.shape.kind === 'concurrency')
    if (held.length > 0) caller.tell('release', [held])
  }
  return {
    take: async (claims, nowMs) => {
      const outcome = await caller.call('take', [claims, nowMs], ([granted]) => {
        // The caller no longer waits for it, so nothing else would give it back.
        if (granted) release(claims)
      })
      return decodeOutcome(outcome)
    },
    peek: async (claim, nowMs) => decodeState(await caller.call('peek', [claim, nowMs])),
    release,
    reset: async (name, subject) => {
      await caller.call('reset', [name, subject])
    },
    flush: async () => {
      await caller.call('flush', [])
    },
    close: async () => {},
  }
}

function relayedBus(caller: Caller, local: Bus, standstill: Standstill): Bus {
  let open = true
  return {
    publish: async (message) => {
      if (!open) throw new Error('the bus is closed')
      await caller.call('publish', [message])
    },
    subscribe: (listener) => local.subscribe(listener),
    hearsAll: standstill.check,
    close: async () => {
      open = false
      standstill.stop()
      await local.close()
    },
  }
}
