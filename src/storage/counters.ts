/**
 * Counters: the shared state of rate limits, quotas and concurrency. One {@link Counters.take} decides
 * several limits at once, all or none (two-phase in one step), so that a refused request costs nothing.
 *
 * Adapters that live in the process answer synchronously; remote ones return promises.
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
  /** Sliding window: the current fixed window plus the previous one, weighted by what still overlaps. */
  | { readonly kind: 'sliding'; readonly limit: number; readonly windowMs: number }
  /** Fixed window aligned to the calendar in UTC plus `offsetMs`; durable across restarts. */
  | {
      readonly kind: 'calendar'
      readonly limit: number
      readonly window: 'minute' | 'hour' | 'day' | 'week' | 'month'
      readonly offsetMs: number
    }
  /** Requests in flight; what a granted take took must be given back by {@link Counters.release}. */
  | { readonly kind: 'concurrency'; readonly limit: number }

/**
 * One limit asked of one subject. Counters are known by (`name`, `subject`): asking with another shape,
 * even of another kind, keeps what was already used (requests in flight apart).
 */
export interface Claim {
  readonly name: string
  readonly shape: CounterShape
  readonly subject: string
  /** Units to take, not negative; 0 only asks. */
  readonly cost: number
  /**
   * Count and report, but never refuse. The count shows what enforcing would do: what does not fit is
   * `exceeded` and not taken, except for concurrency, whose takes are always given back.
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
   * Milliseconds until another request of this cost may succeed; 0 when it may now,
   * Infinity when it costs more than the limit ever holds. A guess for concurrency.
   */
  readonly retryMs: number
  /** The claim did not fit: it refuses the request, or would but for `shadow`. */
  readonly exceeded: boolean
}

/** The decision: granted all, or refused with nothing taken. */
export interface TakeOutcome {
  readonly granted: boolean
  /** One state for each claim, in the order asked; none when they were not asked for. */
  readonly states: readonly ClaimState[]
}

/** The outcome of a granted take whose states nobody asked for. */
export const GRANTED: TakeOutcome = Object.freeze({ granted: true, states: [] })

/**
 * Where the first claim's counter was found last: a hint that counters of this process check and keep up. It is
 * theirs alone, and right or wrong it changes nothing but what a take costs.
 */
export interface SlotHint {
  /** Never changes. Claims of this very subject are found without a look at it. */
  readonly id: string
  /** -1 at first. */
  counterPlace: number
  /** Of which counters, and until when, {@link SlotHint.counterPlace} speaks; `undefined` at first. */
  counterEra: object | undefined
}

/**
 * Shared counters. A clock that goes back neither refunds nor freezes; a step back of less than a
 * second is taken for jitter.
 */
export interface Counters {
  /**
   * Decides and takes. A negative cost is a programming error and throws. An adapter that answers at
   * once keeps no reference to the claims.
   *
   * @param brief whether a grant may come without states
   * @param hint kept with whoever asks these claims again and again; spares the search for them
   */
  take(
    claims: readonly Claim[],
    nowMs: number,
    brief?: boolean,
    hint?: SlotHint,
  ): TakeOutcome | Promise<TakeOutcome>
  /** Gives back what the concurrency claims of a granted take took; other claims are ignored. */
  release(claims: readonly Claim[]): void
  /** State without taking anything. */
  peek(claim: Claim, nowMs: number): ClaimState | Promise<ClaimState>
  /** Forgets a subject's use of a limit (an operator's reset). */
  reset(name: string, subject: string): void | Promise<void>
  /** Writes what must survive a restart; resolves when it is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
}
