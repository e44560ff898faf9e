import type { Claim, ClaimState, Counters, SlotHint, TakeOutcome } from '../counters.ts'
import { CounterEngine } from './engine.ts'

/** Counters that answer at once. */
export interface SyncCounters extends Counters {
  take(claims: readonly Claim[], nowMs: number, brief?: boolean, hint?: SlotHint): TakeOutcome
  peek(claim: Claim, nowMs: number): ClaimState
  reset(name: string, subject: string): void
}

export const ENTRIES_MAX_DEFAULT = 1_000_000

/** The options of {@link createMemoryCounters}. */
export interface MemoryCountersOptions {
  /** The most counters kept. Default: 1,000,000, which take about 100 MB with their subjects. */
  readonly entriesMax?: number
  /** The seed for hashes of subjects: a random number that callers do not know. */
  readonly seed?: number | undefined
}

/**
 * Counters in memory, which end with the process. Their number is bounded: beyond the bound, counters that are equal to
 * new ones go first, then the least used.
 */
export function createMemoryCounters(options: MemoryCountersOptions = {}): SyncCounters {
  const { entriesMax = ENTRIES_MAX_DEFAULT, seed } = options
  const engine = new CounterEngine(entriesMax, undefined, seed)
  return {
    take: (claims, nowMs, brief, hint) => settled(engine.take(claims, nowMs, brief, hint)),
    release: (claims) => engine.release(claims),
    peek: (claim, nowMs) => settled(engine.peek(claim, nowMs)),
    reset: (name, subject) => engine.reset(name, subject),
    flush: async () => {},
    close: async () => {},
  }
}

/** Nothing is on disk, so nothing ever has to be loaded first. */
function settled<T extends object>(outcome: T | Claim): T {
  if ('shape' in outcome) throw new Error('counters in memory asked to load a claim')
  return outcome
}
