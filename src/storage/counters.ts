/**
 * Counters: the shared state of rate limits, quotas and concurrency limits. One {@link Counters.take} decides several
 * limits at once, all or none (two-phase in one step), so that a refused request costs nothing.
 *
 * In-process adapters answer synchronously; remote ones return promises.
 */

/** How a limit counts. All times in whole milliseconds. */
export type CounterShape =
  /** Token bucket as GCRA (ITU-T I.371): `limit` per `windowMs`, bursts up to `burst`. */
  | {
      readonly kind: 'bucket'
      readonly limit: number
      readonly windowMs: number
      readonly burst: number
    }
  /** Sliding window: the current fixed window plus the previous one, weighted by the part that still overlaps. */
  | { readonly kind: 'sliding'; readonly limit: number; readonly windowMs: number }
  /** Fixed window aligned to the calendar in UTC plus `offsetMs`; durable across restarts. */
  | {
      readonly kind: 'calendar'
      readonly limit: number
      readonly window: 'minute' | 'hour' | 'day' | 'week' | 'month'
      readonly offsetMs: number
    }
  /** Requests in flight; the units of a granted take must be given back by {@link Counters.release}. */
  | { readonly kind: 'concurrency'; readonly limit: number }

/**
 * One limit applied to one subject. Counters are identified by (`name`, `subject`): a claim with another shape, even of
 * another kind, keeps what was already used (except requests in flight).
 */
export interface Claim {
  readonly name: string
  readonly shape: CounterShape
  readonly subject: string
  /** Units to take, not negative; 0 takes nothing and only returns the state. */
  readonly cost: number
  /**
   * Count and report, but never refuse. The count shows what enforcing would do: a claim that does not fit is
   * `exceeded` and takes nothing, except for concurrency, whose takes are always given back.
   */
  readonly shadow: boolean
}

/** The state of one claim after the decision. */
export interface ClaimState {
  readonly limit: number
  /** Whole units left now. */
  readonly remaining: number
  /** Milliseconds until the current window ends or the bucket is full again; 0 for concurrency. */
  readonly resetMs: number
  /**
   * Milliseconds until another request of this cost may succeed; 0 if it may now, Infinity if it costs more than the
   * limit ever holds. An estimate for concurrency.
   */
  readonly retryMs: number
  /** Whether the claim did not fit: it refuses the request, or would without `shadow`. */
  readonly exceeded: boolean
}

/** The decision: all claims are granted, or the request is refused and nothing is taken. */
export interface TakeOutcome {
  readonly granted: boolean
  /** One state for each claim, in the order of the claims; empty if the states were not requested. */
  readonly states: readonly ClaimState[]
}

/** The outcome of a granted take whose states were not requested. */
export const GRANTED: TakeOutcome = Object.freeze({ granted: true, states: [] })

/**
 * Where the first claim's counter was last found: a hint that counters of this process check and update. Only they use
 * it, and whether it is right affects only the cost of a take.
 */
export interface SlotHint {
  /** The subject that the hint is for; it never changes. Claims of this subject are found without comparing it. */
  readonly id: string
  /** -1 at first. */
  counterPlace: number
  /**
   * Identifies the counters, and the period, for which {@link SlotHint.counterPlace} is valid; `undefined` at first.
   */
  counterEra: object | undefined
}

/**
 * Shared counters. If the clock goes back, counters neither refund nor freeze; a step back of less than a second is
 * treated as jitter.
 */
export interface Counters {
  /**
   * Decides and takes. A negative cost is a programming error and throws. An adapter that answers at
   * once keeps no reference to the claims.
   *
   * @param brief whether a grant may come without states
   * @param hint kept by a caller that makes these claims again and again; it saves searching for their counters
   */
  take(
    claims: readonly Claim[],
    nowMs: number,
    brief?: boolean,
    hint?: SlotHint,
  ): TakeOutcome | Promise<TakeOutcome>
  /** Gives back the units of the concurrency claims of a granted take; other claims are ignored. */
  release(claims: readonly Claim[]): void
  /** State without taking anything. */
  peek(claim: Claim, nowMs: number): ClaimState | Promise<ClaimState>
  /** Forgets a subject's use of a limit (an operator's reset). */
  reset(name: string, subject: string): void | Promise<void>
  /** Writes everything that must survive a restart; resolves when it is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
}
