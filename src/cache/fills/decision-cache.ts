import type { KeyScope } from '../keys/keys.ts'
import type { KeyScopeSpec } from '../keys/keys.ts'
import type { DecisionKind } from '../kinds/kind.ts'
import type { MemoryLevel } from '../memory/memory-level.ts'
import type { Placement } from '../memory/pool.ts'
import type { FillParts, Shelf } from './fill.ts'
import { createFiller } from './fill.ts'
import type { KindCache } from './kind-cache.ts'
import { LOAD_FAILURE_BYTES, LoadFailure } from './load-failure.ts'

/** What the caches of all kinds need. */
export interface KindCacheParts extends FillParts {
  readonly memory: MemoryLevel
  scope(spec: KeyScopeSpec): KeyScope
}

/**
 * The entries of one kind of decision: the values themselves, with one hard bound and no staleness. While invalidations
 * may be missed, nothing is answered from memory and nothing is stored.
 */
export function createDecisionCache<V>(
  kind: DecisionKind<V>,
  number: number,
  parts: KindCacheParts,
): KindCache<V> {
  const { memory, clock, trust } = parts
  const filler = createFiller(kind, parts)
  // One object for all plain puts: pools copy its fields and never keep the object.
  const plain: { -readonly [Key in keyof Placement]: Placement[Key] } = {
    kind: number,
    tenant: '',
    valueBytes: 0,
    expiresMs: 0,
    places: [],
    position: 0,
  }
  const shelf: Shelf<V> = {
    keep: (key, { value, isNegative, bounds, readAtMs, places, position }) =>
      memory.set(
        key,
        value,
        {
          kind: number,
          tenant: key.owner.tenant,
          valueBytes: kind.sizeOf(value),
          expiresMs: readAtMs + bounds.hardMs,
          places,
          position,
        },
        isNegative || key.owner.isAnonymous,
      ),
    drop: (key) => memory.delete(key),
    keepError(key, error, places, position) {
      if (kind.errorTtlMs <= 0 || !trust.isTrusted()) return
      const placement = {
        kind: number,
        tenant: key.owner.tenant,
        valueBytes: LOAD_FAILURE_BYTES,
        expiresMs: clock.monotonicMs() + kind.errorTtlMs,
        places,
        position,
      }
      memory.set(key, new LoadFailure(error), placement, true)
    },
    lifetimeMs: () => undefined,
  }
  return {
    scope: (tenant, audience) => parts.scope({ kind: kind.name, tenant, audience }),
    peek(key, nowMs = clock.monotonicMs()) {
      if (!trust.isTrusted()) return undefined
      const held = memory.get(number, key, nowMs)
      return held instanceof LoadFailure ? undefined : (held as V | undefined)
    },
    getOrLoad(key, load, signal) {
      const held = trust.isTrusted() ? memory.get(number, key, clock.monotonicMs()) : undefined
      if (held instanceof LoadFailure) return Promise.reject(held.error)
      if (held !== undefined) return held as V
      return filler.fill(key, load, undefined, shelf, signal)
    },
    put(key, loaded, since, nowMs = clock.monotonicMs()) {
      const isPlain =
        loaded.tags === undefined &&
        loaded.ttlMs === undefined &&
        loaded.expiresAtMs === undefined &&
        loaded.isNegative !== true &&
        loaded.isCacheable !== false
      const isUntouched = since === parts.epochs.position() && trust.isTrusted()
      if (!isPlain || !isUntouched || key.owner.kind !== kind.name) {
        return filler.put(key, loaded, since, nowMs, shelf)
      }
      // The fast path: nothing at all was invalidated, and the load gave nothing but the value.
      const { tenant, isAnonymous } = key.owner
      // Called before the shared object is filled in: it is the caller's code, which may itself call `put`.
      const valueBytes = kind.sizeOf(loaded.value)
      plain.tenant = tenant
      plain.valueBytes = valueBytes
      plain.expiresMs = nowMs + kind.ttlMs
      plain.places = filler.placesOf(key)
      plain.position = since
      return memory.set(key, loaded.value, plain, isAnonymous)
    },
  }
}
