import type { Clock } from '../../core/clock.ts'
import type { EpochTable, Name, Position } from '../contract.ts'
import type { Variants } from './variants.ts'
import { variantsBytes } from './variants.ts'

/** Memory for bodies: the in-process level, as far as stored responses need it. */
export interface BodyPool {
  get(key: string, hash: number, nowMs: number): unknown
  set(
    key: string,
    hash: number,
    value: unknown,
    placement: {
      readonly kind: number
      readonly tenant: string
      readonly valueBytes: number
      readonly expiresMs: number
      readonly places: readonly number[]
      readonly position: number
    },
  ): boolean
  delete(key: string, hash: number): boolean
  readonly bytes: number
  readonly size: number
}

/** Stored responses by key, in this process, with the epochs that make invalidation one step. */
export interface ResponseStore {
  hash(key: string): number
  get(key: string, hash: number): Variants | undefined
  /**
   * Stores variants: `overtaken` when one of the names was invalidated after `since`, `refused` when there is not
   * enough room.
   */
  put(
    key: string,
    hash: number,
    variants: Variants,
    facts: PutFacts,
  ): 'stored' | 'overtaken' | 'refused'
  /** Replaces the stored variants, keeping their names and their expiry. */
  replace(key: string, hash: number, variants: Variants): boolean
  /** Forgets what is stored for a key but for other variants, if there are any. */
  forget(key: string, hash: number, others: Variants): void
  /** The present position; take it before asking the origin. */
  position(): Position
  /** Voids everything that depends on a name, in one step however much that is. */
  invalidate(name: Name): void
  stats(): { readonly entries: number; readonly bytes: number }
}

/** What is known about variants when they are stored. */
export interface PutFacts {
  readonly tenant: string
  readonly names: readonly Name[]
  /** The position at which the newest of them was asked for. */
  readonly since: Position
  /** How long they may be of use, milliseconds. */
  readonly keepMs: number
}

/** What {@link createResponseStore} needs. */
export interface ResponseStoreParts {
  readonly pool: BodyPool
  readonly epochs: EpochTable
  readonly hash: (text: string) => number
  readonly clock: Clock
}

interface Held {
  readonly variants: Variants
  readonly places: readonly number[]
  readonly tenant: string
  readonly expiresMs: number
}

/** Creates a {@link ResponseStore}. */
export function createResponseStore(parts: ResponseStoreParts): ResponseStore {
  const { pool, epochs, hash, clock } = parts
  const find = (key: string, at: number): Held | undefined =>
    pool.get(key, at, clock.monotonicMs()) as Held | undefined
  const set = (key: string, at: number, held: Held): boolean =>
    pool.set(key, at, held, {
      kind: 0,
      tenant: held.tenant,
      valueBytes: variantsBytes(held.variants) + held.places.length * PLACE_BYTES,
      expiresMs: held.expiresMs,
      places: held.places,
      position: epochs.position(),
    })
  return {
    hash,
    get: (key, at) => find(key, at)?.variants,
    put(key, at, variants, { tenant, names, since, keepMs }) {
      const own = names.map(({ kind, name }) => epochs.place(kind, name))
      if (!epochs.isCurrentSince(own, since)) return 'overtaken'
      // Other variants of the key depend on names of their own, and were found current just now.
      const before = variants.list.length > 1 ? find(key, at) : undefined
      const places = [...new Set([...own, ...(before?.places ?? [])])]
      const expiresMs = Math.max(clock.monotonicMs() + keepMs, before?.expiresMs ?? 0)
      return set(key, at, { variants, places, tenant, expiresMs }) ? 'stored' : 'refused'
    },
    replace(key, at, variants) {
      const before = find(key, at)
      return before !== undefined && set(key, at, { ...before, variants })
    },
    forget(key, at, others) {
      const before = find(key, at)
      const isKept =
        others.list.length > 0 &&
        before !== undefined &&
        set(key, at, { ...before, variants: others })
      if (!isKept) pool.delete(key, at)
    },
    position: () => epochs.position(),
    invalidate({ kind, name }) {
      epochs.bump(kind, name)
    },
    stats: () => ({ entries: pool.size, bytes: pool.bytes }),
  }
}

const PLACE_BYTES = 8
