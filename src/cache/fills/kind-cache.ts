import type { Position } from '../contract.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import type { KeyScope } from '../keys/keys.ts'
import type { KeyAudience } from '../keys/parts.ts'
import type { Load, Loaded } from './load.ts'

/** The entries of one kind. */
export interface KindCache<V> {
  /** Makes the keys of a tenant and audience; keep it where the caller is kept. */
  scope(tenant: string, audience: KeyAudience): KeyScope
  /**
   * What is known and fresh, synchronously and without a promise; `undefined` otherwise.
   *
   * @param nowMs the monotonic clock, where the caller has just read it
   */
  peek(key: CacheKey, nowMs?: number): V | undefined
  /**
   * What is known, at once; else what the load gives. Rejects with the load's error; with
   * `CacheBusyError` when too many load or wait; with the signal's reason when it is aborted.
   */
  getOrLoad(key: CacheKey, load: Load<V>, signal?: AbortSignal): V | Promise<V>
  /**
   * Stores in process what was read otherwise. What may not be kept, or finds no room, ends what was known
   * before all the same; what was overtaken does not.
   *
   * @param since `cache.position()` before it was read; RangeError for one that this cache has not reached
   * @param nowMs the monotonic clock, where the caller has read it
   * @returns whether it is known now
   */
  put(key: CacheKey, loaded: Loaded<V>, since: Position, nowMs?: number): boolean
}

/** How often content was served that was not fresh, and refreshed in the background. */
export interface StaleStats {
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  readonly refreshes: number
  readonly earlyRefreshes: number
  readonly refreshErrors: number
}
