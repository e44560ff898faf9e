/**
 * Counters: the shared state of rate limits, quotas and concurrency. One {@link Counters.take} decides
 * several limits at once, all or none (two-phase in one step), so that a refused request costs nothing.
 *
 * Adapters that live in the process answer synchronously; remote ones return promises.
 */

/** How a limit counts. All times in milliseconds. */
export type CounterShape =
  /** Token bucket as GCRA (ITU-T I.371): `limit` per `windowMs`, bursts up to `burst`. */
  | {
      readonly kind: 'bucket'
      readonly limit: number
      readonly windowMs: number
      readonly burst: number
    }
  /** Sliding window: the current fixed window plus the weighted previous one; exact at the bound. */
  | { readonly kind: 'sliding'; readonly limit: number; readonly windowMs: number }
  /** Fixed window aligned to the calendar in UTC plus `offsetMs`; durable across restarts. */
  | {
      readonly kind: 'calendar'
      readonly limit: number
      readonly window: 'minute' | 'hour' | 'day' | 'week' | 'month'
      readonly offsetMs: number
    }
  /** Requests in flight; what was taken must be given back by {@link Counters.release}. */
  | { readonly kind: 'concurrency'; readonly limit: number }

/** One limit asked of one subject. Buckets are known by (`name`, `subject`): changing the shape of a
 * name keeps what was already used. */
export interface Claim {
  readonly name: string
  readonly shape: CounterShape
  readonly subject: string
  readonly cost: number
  /** Count, report, but never refuse. */
  readonly shadow: boolean
}

/** The state of one claim after the decision. */
export interface ClaimState {
  readonly limit: number
  /** Whole units left now. */
  readonly remaining: number
  /** Milliseconds until the window resets or the bucket is full again. */
  readonly resetMs: number
  /** Milliseconds until a request of this cost may succeed; 0 when it may now. */
  readonly retryMs: number
  readonly exceeded: boolean
}

/** The decision: granted all, or refused with nothing taken (shadow claims apart). */
export interface TakeOutcome {
  readonly granted: boolean
  /** One state for each claim, in the order asked. */
  readonly states: readonly ClaimState[]
}

/** Shared counters. */
export interface Counters {
  take(claims: readonly Claim[], nowMs: number): TakeOutcome | Promise<TakeOutcome>
  /** Gives back what concurrency claims took. */
  release(claims: readonly Claim[]): void
  /** State without taking anything. */
  peek(claim: Claim, nowMs: number): ClaimState | Promise<ClaimState>
  /** Forgets a subject's use of a limit (an operator's reset). */
  reset(name: string, subject: string): void | Promise<void>
  /** Writes what must survive a restart; resolves when it is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
}
