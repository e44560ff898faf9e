import type { CacheKey, KindCache } from '../../src/cache/index.ts'
import { createCache, decisionKind } from '../../src/cache/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { systemRandom } from '../../src/core/random.ts'

/** The value that every cache is given: 64 characters. */
export const VALUE = 'v'.repeat(64)
/** Size of an entry, for caches that count bytes. */
export const ENTRY_SIZE = 128
/** Lifetime of every entry, milliseconds: longer than anything here takes. */
export const TTL_MS = 600_000

const caller = { kind: 'caller', id: 'key_0Uo3Xq8wZ1k' } as const

/** Our cache as the gate uses it: decisions of one kind, bounded by entries, bytes, lifetime and epochs. */
export function createOwnCache(capacity: number) {
  const cache = createCache({
    clock: systemClock,
    random: systemRandom,
    sweepIntervalMs: 0,
    pools: { decisions: { entriesMax: capacity, bytesMax: 2 ** 31, tenantShareMax: 1 } },
    kinds: {
      permission: decisionKind<string>({
        name: 'permission',
        ttlMs: TTL_MS,
        isPolicyBound: true,
        sizeOf: () => ENTRY_SIZE,
      }),
    },
  })
  const { permission } = cache.kinds
  return { cache, permission, scope: permission.scope('acme', caller) }
}

export type OwnCache = ReturnType<typeof createOwnCache>

/** Looks a key up and stores it if it is missing; returns whether it was there. */
export function getOrSet(
  { cache }: OwnCache,
  permission: KindCache<string>,
  key: CacheKey,
  nowMs: number,
): boolean {
  if (permission.peek(key, nowMs) !== undefined) return true
  permission.put(key, { value: VALUE }, cache.position(), nowMs)
  return false
}
