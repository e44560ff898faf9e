import type { Claim, ClaimState, Counters, TakeOutcome } from '../counters.ts'
import { CounterEngine } from './engine.ts'

/** Counters that answer at once. */
export interface SyncCounters extends Counters {
  take(claims: readonly Claim[], nowMs: number): TakeOutcome
  peek(claim: Claim, nowMs: number): ClaimState
  reset(name: string, subject: string): void
}

export const ENTRIES_MAX_DEFAULT = 1_000_000

/**
 * Counters of this process that forget with it. `entriesMax` (default 1,000,000, about 100 MB) bounds
 * the memory: beyond it, counters that are as if untouched go first, then the least used.
 */
export function createMemoryCounters(options: { readonly entriesMax?: number } = {}): SyncCounters {
  const engine = new CounterEngine(options.entriesMax ?? ENTRIES_MAX_DEFAULT, undefined)
  return {
    take: (claims, nowMs) => settled(engine.take(claims, nowMs)),
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
