import type { Name } from '../contract.ts'

/** What a load is given. */
export interface LoadContext<V> {
  /** Aborted when nobody waits for the result any longer. */
  readonly signal: AbortSignal
  /**
   * Declares what the value depends on besides its key, tenant and patterns. Call it before or after reading, but
   * before the load ends: every invalidation since the load began counts. Throws once the load has ended.
   */
  dependsOn(...names: readonly Name[]): void
  /**
   * Says early that the value will not be cacheable (as response headers tell before the body), so that those who wait
   * load for themselves at once.
   */
  decline(): void
  /** The stale value that is being refreshed, if there is one. */
  readonly previous: V | undefined
}

/** The result of a load. */
export interface Loaded<V> {
  readonly value: V
  /** Lifetime in place of the kind's; for a decision, it can only shorten that. */
  readonly ttlMs?: number
  /** When it ends at the latest, by the wall clock, such as the end of a token. */
  readonly expiresAtMs?: number
  readonly tags?: readonly string[]
  /** Whether it says "no" or "there is nothing": then it has a shorter lifetime, and a pool of its own. */
  readonly isNegative?: boolean
  /** `false` when it is for this caller only and must not be stored; default `true`. */
  readonly isCacheable?: boolean
}

/** Reads a value from its source. */
export type Load<V> = (context: LoadContext<V>) => Loaded<V> | Promise<Loaded<V>>
