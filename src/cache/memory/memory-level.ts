import type { EpochTable } from '../contract.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import type { KindStats } from './kind-counts.ts'
import { COUNT, COUNTS_STRIDE, readCounts } from './kind-counts.ts'
import type { PoolLimits } from './pool-limits.ts'
import type { Placement } from './pool.ts'
import { Pool } from './pool.ts'

/**
 * Pools keep entries that strangers can cause from evicting those that callers need: `decisions`, `strangers` (negative
 * entries and those of callers without a credential), `bodies` (content).
 */
export type PoolName = 'decisions' | 'strangers' | 'bodies'

/** A kind as the in-process level sees it. */
export interface MemoryKind {
  readonly name: string
  readonly pool: Exclude<PoolName, 'strangers'>
}

/** What a pool holds. */
export interface PoolStats {
  readonly entries: number
  readonly bytes: number
  readonly entriesMax: number
  readonly bytesMax: number
}

/** What the in-process level holds, and how often it could answer. */
export interface MemoryStats {
  readonly pools: Readonly<Record<PoolName, PoolStats>>
  /** By kind, over all pools. */
  readonly kinds: Readonly<Record<string, KindStats>>
}

/** Default limits: a hundred thousand decisions, a quarter as many strangers, 64 MiB of bodies. */
export const POOL_LIMITS: Readonly<Record<PoolName, PoolLimits>> = {
  decisions: { entriesMax: 100_000, bytesMax: 64 * 2 ** 20, tenantShareMax: 0.5 },
  strangers: { entriesMax: 25_000, bytesMax: 8 * 2 ** 20, tenantShareMax: 1 },
  bodies: { entriesMax: 100_000, bytesMax: 64 * 2 ** 20, tenantShareMax: 0.5 },
}

const POOL_NAMES = ['decisions', 'strangers', 'bodies'] as const

/**
 * The in-process level (L1): synchronous, with entries and bytes bounded in each pool. Lifetimes are in monotonic
 * milliseconds. A key has at most one entry, either in the pool of its kind or among strangers.
 */
export class MemoryLevel {
  private readonly pools: Readonly<Record<PoolName, Pool>>
  private readonly strangers: Pool
  private readonly homes: readonly Pool[]
  private readonly kinds: readonly MemoryKind[]

  constructor(
    kinds: readonly MemoryKind[],
    limits: Readonly<Record<PoolName, PoolLimits>>,
    epochs: EpochTable,
  ) {
    const pool = (name: PoolName): Pool => new Pool(limits[name], kinds.length, epochs)
    this.pools = {
      decisions: pool('decisions'),
      strangers: pool('strangers'),
      bodies: pool('bodies'),
    }
    this.strangers = this.pools.strangers
    this.kinds = kinds
    this.homes = kinds.map((kind) => this.pools[kind.pool])
  }

  /** The value of a key, or `undefined`; counts a hit or a miss for the kind with this number. */
  get(kind: number, key: CacheKey, nowMs: number): unknown {
    const home = this.homes[kind]!
    const held = home.get(key, nowMs)
    const value =
      held === undefined && this.strangers.size > 0 ? this.strangers.get(key, nowMs) : held
    home.counts[kind * COUNTS_STRIDE + (value === undefined ? COUNT.misses : COUNT.hits)]!++
    return value
  }

  /** Stores a value (not `undefined`) in place of the key's old one; `false` when there is no room for it. */
  set(key: CacheKey, value: unknown, placement: Placement, isStrange: boolean): boolean {
    const home = this.homes[placement.kind]!
    const other = isStrange ? home : this.strangers
    if (other.size > 0) other.delete(key)
    return (isStrange ? this.strangers : home).set(key, value, placement)
  }

  delete(key: CacheKey): void {
    for (const name of POOL_NAMES) this.pools[name].delete(key)
  }

  /** Removes expired and invalidated entries among some slots of each pool; returns how many were removed. */
  sweep(nowMs: number, slotsMax: number): number {
    return POOL_NAMES.reduce((sum, name) => sum + this.pools[name].sweep(nowMs, slotsMax), 0)
  }

  /** Bytes that a tenant holds in a pool with quotas. */
  tenantBytes(name: PoolName, tenant: string): number {
    return this.pools[name].tenantBytes(tenant)
  }

  /** Calls back for each valid entry of a pool; `uses`, from 0 to 4, says how hot it is. */
  forEach(
    name: PoolName,
    nowMs: number,
    see: (key: string, value: unknown, uses: number) => void,
  ): void {
    this.pools[name].forEach(nowMs, see)
  }

  stats(): MemoryStats {
    const poolStats = (name: PoolName): PoolStats => {
      const { size, bytes, limits } = this.pools[name]
      return { entries: size, bytes, entriesMax: limits.entriesMax, bytesMax: limits.bytesMax }
    }
    return {
      pools: {
        decisions: poolStats('decisions'),
        strangers: poolStats('strangers'),
        bodies: poolStats('bodies'),
      },
      kinds: Object.fromEntries(
        this.kinds.map(({ name }, kind) => {
          const counts = new Float64Array((kind + 1) * COUNTS_STRIDE)
          for (const pool of POOL_NAMES) {
            const from = this.pools[pool].counts
            for (let at = kind * COUNTS_STRIDE; at < counts.length; at++) counts[at]! += from[at]!
          }
          return [name, readCounts(counts, kind)]
        }),
      ),
    }
  }
}
