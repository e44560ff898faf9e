import type { EntryMeta } from '../contract.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Loaded } from './load.ts'

/** How long an entry may be used, in milliseconds since it was read. */
export interface Bounds {
  readonly freshMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  /** Never served from then on. */
  readonly hardMs: number
}

/** What is not a number, such as the end of a token that names none, must not count as "forever". */
const orNone = (ms: number): number => (ms > 0 ? ms : 0)

/**
 * The bounds of a value that was read at `readAtMs` (wall clock). For decisions they are all the same: the least of
 * the kind's lifetime, the load's lifetime and the end that the load names.
 *
 * @param lifetimeMs replaces the kind's lifetime where that adapts
 */
export function boundsOf<V>(
  kind: Kind<V>,
  loaded: Loaded<V>,
  readAtMs: number,
  lifetimeMs?: number,
): Bounds {
  const ownMs = loaded.isNegative === true ? kind.negativeTtlMs : (lifetimeMs ?? kind.ttlMs)
  const endMs = (loaded.expiresAtMs ?? Infinity) - readAtMs
  if (kind.class === 'decision') {
    const freshMs = orNone(Math.min(ownMs, loaded.ttlMs ?? Infinity, endMs))
    return {
      freshMs,
      staleWhileRevalidateMs: freshMs,
      staleIfErrorMs: freshMs,
      hardMs: freshMs,
    }
  }
  const within = (ms: number): number => orNone(Math.min(ms, endMs))
  const freshMs = loaded.ttlMs ?? ownMs
  const revalidateMs = freshMs + kind.staleWhileRevalidateMs
  const errorMs = freshMs + kind.staleIfErrorMs
  return {
    freshMs: within(freshMs),
    staleWhileRevalidateMs: within(revalidateMs),
    staleIfErrorMs: within(errorMs),
    hardMs: within(Math.max(revalidateMs, errorMs)),
  }
}

/**
 * The bounds of an entry from outside the process, counted from now. A decision lives no longer than its kind allows,
 * whatever the entry or the clock of another machine says.
 */
export function boundsLeft<V>(kind: Kind<V>, meta: EntryMeta, nowMs: number): Bounds {
  const most = kind.class === 'decision' ? kind.ttlMs : Infinity
  const left = (untilMs: number): number => Math.min(most, untilMs - nowMs)
  return {
    freshMs: left(meta.freshUntilMs),
    staleWhileRevalidateMs: left(meta.staleWhileRevalidateUntilMs),
    staleIfErrorMs: left(meta.staleIfErrorUntilMs),
    hardMs: left(meta.expiresMs),
  }
}
