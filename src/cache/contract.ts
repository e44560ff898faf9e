import type { Clock } from '../core/clock.ts'

/**
 * Time for the cache. The in-process level counts lifetimes on `monotonicMs`, so that a wall clock set
 * back cannot prolong an ALLOW; what leaves the process (disk, Redis) is dated with `nowMs`.
 */
export type CacheClock = Clock

/** What can be invalidated in one step. */
export type NameKind = 'key' | 'tag' | 'tenant' | 'prefix' | 'policy' | 'all'

/**
 * Something that entries hang on: the key itself, a tag, a tenant, a prefix of typed keys (pattern
 * invalidation), a policy set whose revision moved, or everything (then `name` is empty). Names are
 * opaque text, at most {@link NAME_CHARACTERS_MAX} long.
 */
export interface Name {
  readonly kind: NameKind
  readonly name: string
}

/** Longer names are replaced by a digest before they get here. */
export const NAME_CHARACTERS_MAX = 512

/**
 * "All that hangs on `name` and was read before now is void." Applied in process at once and carried to
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

/** Where a name's epoch stands in the table: many names may share parts of a place. */
export type Place = number

/** The epochs of some names, captured before a load. */
export interface Stamp {
  readonly position: Position
  readonly places: readonly Place[]
}

/**
 * Epochs of names: which names were invalidated, and in which order, in memory of fixed size. Each name
 * hashes to a place, and that holds the position of the last invalidation of any name that shares it. So
 * there can be a needless reload, never a missed invalidation; no list grows and nothing is ever swept.
 */
export interface EpochTable {
  /** The present position: capture it before a value is read. */
  position(): Position
  place(kind: NameKind, name: string): Place
  /** O(1): voids all that hangs on the name and was read before. Returns the new position. */
  bump(kind: NameKind, name: string): Position
  /** Whether nothing at the places was bumped after `since`. */
  isCurrentSince(places: readonly Place[], since: Position): boolean
  /** Captures the epochs of names; call it before reading the value. */
  capture(names: readonly Name[]): Stamp
  isCurrent(stamp: Stamp): boolean
}

/** What is known of an entry outside the process. Times: wall clock, milliseconds since the epoch. */
export interface EntryMeta {
  /** The entry's kind, by name: what its lifetimes and pool are. */
  readonly kind: string
  /** Owner of the entry; empty for what belongs to nobody in particular. */
  readonly tenant: string
  readonly tags: readonly string[]
  /** Prefix names of the key, for pattern invalidation. */
  readonly prefixes: readonly string[]
  /** The policy set that the entry's kind is bound to, if it is. */
  readonly policy?: string
  /** What it hangs on besides; absent when that is nothing. */
  readonly dependsOn?: readonly Name[]
  readonly createdMs: number
  /** Until then it is fresh. */
  readonly freshUntilMs: number
  /** Content may be served stale until then while it is refreshed; equals `freshUntilMs` for decisions. */
  readonly staleWhileRevalidateUntilMs: number
  /** Content may be served stale until then when the load fails; equals `freshUntilMs` for decisions. */
  readonly staleIfErrorUntilMs: number
  /** Hard bound: never served from then on, whatever fails. At least each of the three above. */
  readonly expiresMs: number
  /** Milliseconds that the load took: what losing the entry costs. */
  readonly costMs: number
  /** Whether it says that there is nothing. */
  readonly isNegative: boolean
}

/** An entry as bytes: what levels outside the process hold. */
export interface StoredEntry {
  readonly meta: EntryMeta
  readonly body: Uint8Array
}

/**
 * A position in a level's own order of invalidations, taken by `get` before the value is loaded and
 * handed back to `set`, which must refuse what an invalidation overtook. Opaque outside the level.
 */
export type LevelFence = string

/**
 * What a level answers. A level that is down, slow or full says so; it never throws for that, so that a
 * cache that is gone makes requests slower and never wrong.
 */
export type LevelAnswer =
  | { readonly state: 'hit'; readonly entry: StoredEntry; readonly fence: LevelFence }
  | { readonly state: 'miss'; readonly fence: LevelFence }
  | { readonly state: 'unavailable'; readonly reason: string }

/** What became of a `set`: `fenced` when an invalidation overtook the load. */
export type LevelOutcome = 'stored' | 'fenced' | 'refused' | 'unavailable'

/** Counts since the start, and what is held now. */
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
 * A level promises: once `invalidate` has resolved, no `get` that starts later answers with an entry that
 * hangs on the name and was read before; nothing is answered at or after `expiresMs`; every wait ends at
 * a time-out of the level's own.
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
 * What the bus tells the cache. While distrusted, decisions are not served from any level and not
 * stored; content goes on.
 */
export interface InvalidationSink {
  /** Applies what another instance (or this one) invalidated. Synchronous: it holds on return. */
  apply(invalidation: Invalidation): void
  /** A gap, or silence for too long: stop believing decisions. */
  distrust(reason: string): void
  /** Caught up: everything missed has been applied (or `all` has). */
  trust(): void
}

/** What the cache tells the bus. */
export interface InvalidationPublisher {
  /** Resolves when the invalidation is accepted for every instance. */
  publish(invalidation: Invalidation): Promise<void>
  /**
   * Whether everything that others published more than its bound ago has been applied: by the clock, at this
   * moment. It is asked at each decision; absent, what the sink was told last counts.
   */
  isTrusted?(): boolean
}
