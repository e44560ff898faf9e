import type { Position } from '../contract.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import type { KeyScope } from '../keys/keys.ts'
import type { KeyAudience } from '../keys/parts.ts'
import type { Load, Loaded } from './load.ts'

/** The entries of one kind. */
export interface KindCache<V> {
  /** Makes the keys of a tenant and audience; keep it with the caller, because making it costs text. */
  scope(tenant: string, audience: KeyAudience): KeyScope
  /**
   * The stored value, if there is a fresh one, without a promise; `undefined` otherwise.
   *
   * @param nowMs the reading of the monotonic clock, if the caller has just taken one
   */
  peek(key: CacheKey, nowMs?: number): V | undefined
  /**
   * The stored value, at once, or else what the load returns. Rejects with the load's error, with `CacheBusyError` when
   * too many callers load or wait, and with the signal's reason when that is aborted.
   */
  getOrLoad(key: CacheKey, load: Load<V>, signal?: AbortSignal): V | Promise<V>
  /**
   * Stores, in the process, a value that was read without the cache. A value that may not be stored, or finds no room,
   * still removes the one that was stored before; a value that was overtaken does not.
   *
   * @param since `cache.position()` from before it was read; RangeError for one that this cache has not reached
   * @param nowMs the reading of the monotonic clock, if the caller has just taken one
   * @returns whether the value is stored now
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
