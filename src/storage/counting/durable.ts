import type { Claim, ClaimState, Counters, SlotHint, TakeOutcome } from '../counters.ts'
import type { Records } from '../records.ts'
import { CounterEngine } from './engine.ts'
import { ENTRIES_MAX_DEFAULT } from './in-process.ts'
import { ReservationKeeper } from './reservations.ts'
import type { Reservations } from './stored-use.ts'

/** More turns than loading ever needs; beyond this, counters are being evicted as fast as they load. */
const TURNS_MAX = 10_000

/** What {@link createDurableCounters} needs. */
export interface DurableCountersOptions {
  /** Records that declare {@link COUNTER_ROWS}. The caller closes them, after the counters. */
  readonly records: Records
  /** The most counters kept in memory. Default: 1,000,000. */
  readonly entriesMax?: number
  /** The seed for hashes of subjects: a random number that callers do not know. */
  readonly seed?: number | undefined
}

/**
 * Counters of this process whose calendars survive a restart and a crash: units are on disk before they are used,
 * reserved in chunks (1/64 of the limit, at least 8 units). After `close` the count is exact; after a crash at most two
 * chunks more count as used. A take answers at once, except when a calendar must first be loaded or its next chunk be
 * written; it rejects if that fails.
 */
export function createDurableCounters(options: DurableCountersOptions): Counters {
  const keeper = new ReservationKeeper(options.records)
  const reservations: Reservations = {
    used: (claim, left, nowMs) => keeper.ahead(engine, claim, left, nowMs),
  }
  const { entriesMax = ENTRIES_MAX_DEFAULT, seed } = options
  const engine = new CounterEngine(entriesMax, reservations, seed)
  let open = true

  const requireOpen = (): void => {
    if (!open) throw new Error('the counters are closed')
  }

  const prepared = async <T extends object>(
    attempt: () => T | Claim,
    first: Claim,
    nowMs: number,
    beside: readonly Claim[] = [],
  ): Promise<T> => {
    let needed = first
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await keeper.prepare(engine, needed, nowMs, beside)
      const outcome = attempt()
      if (!('shape' in outcome)) return outcome
      needed = outcome
    }
    throw new Error('the counters have no room for the calendars in use')
  }

  // Separate, so that immediate answers allocate no closure.
  const takeLater = async (
    first: Claim,
    claims: readonly Claim[],
    nowMs: number,
    brief: boolean | undefined,
    hint: SlotHint | undefined,
  ): Promise<TakeOutcome> =>
    prepared<TakeOutcome>(() => engine.take(claims, nowMs, brief, hint), first, nowMs, claims)

  return {
    take: (claims, nowMs, brief, hint) => {
      requireOpen()
      const first = engine.take(claims, nowMs, brief, hint)
      return 'states' in first ? first : takeLater(first, claims, nowMs, brief, hint)
    },
    peek: (claim, nowMs) => {
      requireOpen()
      const first = engine.peek(claim, nowMs)
      if ('exceeded' in first) return first
      return prepared<ClaimState>(() => engine.peek(claim, nowMs), first, nowMs)
    },
    release: (claims) => engine.release(claims),
    reset: async (name, subject) => {
      await keeper.forget(name, subject)
      engine.reset(name, subject)
    },
    flush: async () => keeper.flush(),
    close: async () => {
      if (!open) return
      open = false
      await keeper.drain()
      await keeper.settle(engine.unspent())
    },
  }
}
