import type { Clock } from '../core/clock.ts'

/**
 * Time for the cache. The in-process level measures lifetimes with `monotonicMs`, so that setting the wall clock back
 * cannot prolong an ALLOW; what leaves the process (disk, Redis) is dated with `nowMs`.
 */
export type CacheClock = Clock

/** What can be invalidated in one step. */
export type NameKind = 'key' | 'tag' | 'tenant' | 'prefix' | 'policy' | 'all'

/**
 * Something that entries depend on: the key itself, a tag, a tenant, a prefix of typed keys (for invalidation by
 * pattern), a policy set whose revision changed, or everything (then `name` is empty). Names are opaque text of at
 * most {@link NAME_CHARACTERS_MAX} characters.
 */
export interface Name {
  readonly kind: NameKind
  readonly name: string
}

/** Longer names are replaced by a digest before they get here. */
export const NAME_CHARACTERS_MAX = 512

/**
 * "Everything that depends on `name` and was read before now is void." Applied in the process at once, and carried to
 * the other levels and instances; applying one twice is harmless.
 */
export interface Invalidation extends Name {
  /**
   * Position in the shared order of invalidations, such as the id of a Redis stream entry; absent while
   * it is known in this process only.
   */
  readonly sequence?: string
}

/**
 * A position in this process's order of invalidations: a counter, not a time. It means nothing in
 * another process or after a restart.
 */
export type Position = number

/** Where a name's epoch is in the table; many names may share parts of a place. */
export type Place = number

/** The epochs of some names, captured before a load. */
export interface Stamp {
  readonly position: Position
  readonly places: readonly Place[]
}

/**
 * Epochs of names: which names were invalidated, and in which order, in memory of fixed size. Each name hashes to a
 * place, which holds the position of the last invalidation of any name that shares it. So a reload may be needless, but
 * an invalidation is never missed; no list grows, and nothing has to be swept.
 */
export interface EpochTable {
  /** The present position: capture it before a value is read. */
  position(): Position
  place(kind: NameKind, name: string): Place
  /** Voids, in O(1), everything that depends on the name and was read before. Returns the new position. */
  bump(kind: NameKind, name: string): Position
  /** Whether nothing at the places was bumped after `since`. */
  isCurrentSince(places: readonly Place[], since: Position): boolean
  /** Captures the epochs of names; call it before reading the value. */
  capture(names: readonly Name[]): Stamp
  isCurrent(stamp: Stamp): boolean
}

/** What is known about an entry outside the process. Times are wall-clock milliseconds since the epoch. */
export interface EntryMeta {
  /** The name of the entry's kind, which determines its lifetimes and pool. */
  readonly kind: string
  /** Owner of the entry; empty for what belongs to nobody in particular. */
  readonly tenant: string
  readonly tags: readonly string[]
  /** Prefix names of the key, for pattern invalidation. */
  readonly prefixes: readonly string[]
  /** The policy set that the entry's kind is bound to, if it is. */
  readonly policy?: string
  /** What else it depends on; absent when there is nothing. */
  readonly dependsOn?: readonly Name[]
  readonly createdMs: number
  /** Until when it is fresh. */
  readonly freshUntilMs: number
  /** Until when content may be served stale while it is refreshed; equals `freshUntilMs` for decisions. */
  readonly staleWhileRevalidateUntilMs: number
  /** Until when content may be served stale if the load fails; equals `freshUntilMs` for decisions. */
  readonly staleIfErrorUntilMs: number
  /** Hard bound: never served from then on, whatever fails. No earlier than the three above. */
  readonly expiresMs: number
  /** How long the load took, in milliseconds: what losing the entry costs. */
  readonly costMs: number
  /** Whether it says "no" or "there is nothing". */
  readonly isNegative: boolean
}

/** An entry as bytes: what levels outside the process hold. */
export interface StoredEntry {
  readonly meta: EntryMeta
  readonly body: Uint8Array
}

/**
 * A position in a level's own order of invalidations. It is taken by `get` before the value is loaded and passed to
 * `set`, which must refuse a value that was invalidated in between. Opaque outside the level.
 */
export type LevelFence = string

/**
 * The answer of a level. A level that is down, slow or full says so instead of throwing, so that a failing cache makes
 * requests slower but never wrong.
 */
export type LevelAnswer =
  | { readonly state: 'hit'; readonly entry: StoredEntry; readonly fence: LevelFence }
  | { readonly state: 'miss'; readonly fence: LevelFence }
  | { readonly state: 'unavailable'; readonly reason: string }

/** The result of a `set`: `fenced` when the value was invalidated while it was being loaded. */
export type LevelOutcome = 'stored' | 'fenced' | 'refused' | 'unavailable'

/** Counts since the start, and what is stored now. */
export interface LevelStats {
  readonly hits: number
  readonly misses: number
  readonly stores: number
  readonly fenced: number
  readonly evictions: number
  readonly expired: number
  readonly corrupt: number
  readonly unavailable: number
  readonly entries: number
  readonly bytes: number
}

/**
 * A level behind the in-process one: disk (L2), Redis (L3). Asynchronous, entries as bytes.
 *
 * A level promises that, once `invalidate` has resolved, no `get` that starts later answers with an entry that depends
 * on the name and was read before; that nothing is answered at or after `expiresMs`; and that every wait ends at a
 * timeout of its own.
 */
export interface Level {
  readonly name: string
  get(key: string, signal?: AbortSignal): Promise<LevelAnswer>
  /** One answer for each key, in order, in one round trip where the level can. */
  getMany(keys: readonly string[], signal?: AbortSignal): Promise<readonly LevelAnswer[]>
  /** Stores an entry read after `fence` was taken. */
  set(key: string, entry: StoredEntry, fence: LevelFence): Promise<LevelOutcome>
  /** Once it has resolved, no `get` that starts later answers with what was stored before. */
  delete(key: string): Promise<void>
  /** What its `invalidate` tells other instances by: a cache with the same publisher tells them once. */
  readonly publisher?: InvalidationPublisher
  /** Rejects only when the level cannot promise that the invalidated entries are gone. */
  invalidate(invalidation: Invalidation): Promise<void>
  stats(): LevelStats
  close(): Promise<void>
}

/**
 * What the bus tells the cache. While it is distrusted, decisions are neither served from any level nor stored;
 * content still is.
 */
export interface InvalidationSink {
  /** Applies what another instance (or this one) invalidated. Synchronous: it is in effect on return. */
  apply(invalidation: Invalidation): void
  /** After a gap or too long a silence: stop trusting stored decisions. */
  distrust(reason: string): void
  /** Caught up: everything that was missed (or an `all`) has been applied. */
  trust(): void
}

/** What the cache tells the bus. */
export interface InvalidationPublisher {
  /** Resolves when the invalidation is accepted for every instance. */
  publish(invalidation: Invalidation): Promise<void>
  /**
   * Whether, judged by the clock at this moment, everything that others published longer ago than the silence bound
   * has been applied. It is asked at each decision; when absent, what the sink was told last counts.
   */
  isTrusted?(): boolean
}
