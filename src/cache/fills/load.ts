import type { Name } from '../contract.ts'

/** What a load is given. */
export interface LoadContext<V> {
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal
  /**
   * Declares what the value hangs on besides its key, tenant and patterns. Call it before or after
   * reading, but before the load ends: all that was invalidated since the load began counts. Throws after it
   * has ended.
   */
  dependsOn(...names: readonly Name[]): void
  /**
   * Says early that the value will not be cacheable (as response headers tell before the body): those
   * who wait go and load for themselves at once.
   */
  decline(): void
  /** The stale value that is being refreshed, if there is one. */
  readonly previous: V | undefined
}

/** What a load gives. */
export interface Loaded<V> {
  readonly value: V
  /** Lifetime in place of the kind's; a decision's can only be shorter than that. */
  readonly ttlMs?: number
  /** A bound on the wall clock, such as a token's end: not kept from then on, whatever else is said. */
  readonly expiresAtMs?: number
  readonly tags?: readonly string[]
  /** Whether it says "no" or "there is nothing": shorter lifetime, and a pool of its own. */
  readonly isNegative?: boolean
  /** `false` when it is for this caller's eyes alone and must not be kept; default `true`. */
  readonly isCacheable?: boolean
}

/** Reads a value from where it is true. */
export type Load<V> = (context: LoadContext<V>) => Loaded<V> | Promise<Loaded<V>>
