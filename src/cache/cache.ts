import type { Random } from '../core/random.ts'
import type {
  CacheClock,
  Invalidation,
  InvalidationPublisher,
  InvalidationSink,
  Level,
  LevelStats,
  Name,
  Position,
} from './contract.ts'
import { checkName } from './check-name.ts'
import { createEpochTable } from './epochs/epoch-table.ts'
import type { CoalescerLimits, CoalescerStats, Schedule } from './fills/coalescer.ts'
import { COALESCER_LIMITS, createCoalescer, scheduleTimer } from './fills/coalescer.ts'
import { createContentCache } from './fills/content-cache.ts'
import { createDecisionCache } from './fills/decision-cache.ts'
import type { KindCache, StaleStats } from './fills/kind-cache.ts'
import { guardLevel } from './fills/level-guard.ts'
import { createPredictor } from './fills/predictor.ts'
import { createTrust } from './fills/trust.ts'
import { createKeys } from './keys/keys.ts'
import type { Keys } from './keys/keys.ts'
import type { Kind } from './kinds/kind.ts'
import { checkKindTimes } from './kinds/kind.ts'
import type { MemoryStats, PoolName } from './memory/memory-level.ts'
import { MemoryLevel, POOL_LIMITS } from './memory/memory-level.ts'
import type { PoolLimits } from './memory/pool-limits.ts'
import { startSweeping } from './memory/sweeping.ts'

/** What {@link createCache} needs. */
export interface CacheOptions<Values> {
  /** The kinds of entries, under names that the program chooses. At most 255. */
  readonly kinds: { readonly [Name in keyof Values]: Kind<Values[Name]> }
  readonly clock: CacheClock
  readonly random: Random
  readonly pools?: Readonly<Partial<Record<PoolName, PoolLimits>>>
  /** Levels outside the process, the nearest first. */
  readonly levels?: readonly Level[]
  /** Carries invalidations to other instances. */
  readonly publisher?: InvalidationPublisher
  readonly limits?: Partial<CoalescerLimits>
  /** The epoch table has `2 ** epochPlacesBits` places of 8 bytes. */
  readonly epochPlacesBits?: number
  /** Timers, for hand-over and sweeping. */
  readonly schedule?: Schedule
  /** How often expired entries are looked for; with 0, only when they are met. Default: every second. */
  readonly sweepIntervalMs?: number
  /** Called with what failed in the background: levels, refreshes. */
  readonly onError?: (error: unknown) => void
}

/** Counts of a cache. */
export interface CacheStats extends MemoryStats {
  readonly fills: CoalescerStats
  readonly stale: StaleStats
  readonly levels: Readonly<Record<string, LevelStats>>
  /** Why decisions are not served from memory; `undefined` while they are. */
  readonly distrusted: string | undefined
}

/** A cache in levels: one in the process, and those behind it. */
export interface Cache<Values> extends InvalidationSink {
  /** The entries of each kind. */
  readonly kinds: { readonly [Name in keyof Values]: KindCache<Values[Name]> }
  readonly keys: Keys
  readonly memory: MemoryLevel
  /** The present position, for `put`; take it before reading the value. */
  position(): Position
  /**
   * Voids everything that depends on the names. In this process it takes effect before the call returns; the
   * promise resolves when every level and the bus have it too, and rejects if one of them fails. If one of the names
   * is not valid, it rejects with a `TypeError` and voids nothing.
   */
  invalidate(...names: readonly Name[]): Promise<void>
  /** Removes expired entries, once; returns how many there were. */
  sweep(): number
  stats(): CacheStats
  /** Stops sweeping. Levels are left open: they belong to whoever made them. */
  close(): void
}

const SWEEP_SLOTS = 2048
const SWEEP_INTERVAL_MS = 1000
const KINDS_MAX = 255

/**
 * Creates a {@link Cache}.
 *
 * @example
 * const cache = createCache({ kinds: { permission: permissionKind<boolean>({ sizeOf: () => 8 }) }, clock, random })
 * const { permission } = cache.kinds
 * const scope = permission.scope('acme', { kind: 'caller', id: 'key_1' })
 * const allowed = await permission.getOrLoad(scope.key('order', 'read'), async () => ({ value: true }))
 * @throws RangeError when there are too many kinds, or two of the same name, or a time or limit is not a number
 */
export function createCache<Values>(options: CacheOptions<Values>): Cache<Values> {
  const { clock, random, publisher, onError = () => undefined } = options
  const entries = Object.entries(options.kinds as Readonly<Record<string, Kind<unknown>>>)
  const names = new Set(entries.map(([, { name }]) => name))
  if (entries.length > KINDS_MAX || names.size < entries.length) {
    throw new RangeError('a cache has at most 255 kinds, each with a name of its own')
  }
  for (const [, kind] of entries) checkKindTimes(kind)
  const schedule = options.schedule ?? scheduleTimer
  const epochs = createEpochTable(random, options.epochPlacesBits)
  const keys = createKeys(random)
  const trust = createTrust(publisher?.isTrusted?.bind(publisher))
  const levels = (options.levels ?? []).map((level) => guardLevel(level, onError))
  const memory = new MemoryLevel(
    entries.map(([, { name, class: sort }]) => ({
      name,
      pool: sort === 'decision' ? 'decisions' : 'bodies',
    })),
    { ...POOL_LIMITS, ...options.pools },
    epochs,
  )
  const coalescer = createCoalescer({ ...COALESCER_LIMITS, ...options.limits }, schedule)
  const predictor = createPredictor()
  const { scope } = keys
  const parts = {
    epochs,
    clock,
    coalescer,
    predictor,
    trust,
    levels,
    memory,
    random,
    scope,
    onError,
  }
  const stale: (() => StaleStats)[] = []
  const kinds = entries.map(([name, kind], number) => {
    if (kind.class === 'decision') return [name, createDecisionCache(kind, number, parts)]
    const content = createContentCache(kind, number, parts)
    stale.push(() => content.stale())
    return [name, content]
  })

  const applyHere = ({ kind, name }: Name): void => {
    epochs.bump(kind, name)
    const key = kind === 'key' ? keys.parse(name) : undefined
    if (key !== undefined) memory.delete(key)
  }
  const sweep = (): number => memory.sweep(clock.monotonicMs(), SWEEP_SLOTS)
  const { sweepIntervalMs = SWEEP_INTERVAL_MS } = options
  const tend = (slotsMax: number): number => {
    for (const level of levels) level.settle().catch(onError)
    return sweepIntervalMs === 0 ? 0 : memory.sweep(clock.monotonicMs(), slotsMax)
  }
  // A level that missed an invalidation stays closed until it has it, so the retry must run in any case.
  const stopSweeping =
    sweepIntervalMs === 0 && levels.length === 0
      ? () => undefined
      : startSweeping(tend, {
          schedule,
          intervalMs: sweepIntervalMs === 0 ? SWEEP_INTERVAL_MS : sweepIntervalMs,
          slotsMax: SWEEP_SLOTS,
        })

  // A level that invalidates by the publisher has it with the publisher's word.
  const apart = levels.filter(
    (level) => level.publisher === undefined || level.publisher !== publisher,
  )
  const carry = async (invalidation: Invalidation): Promise<void> => {
    const told = apart.length < levels.length ? publisher?.publish(invalidation) : undefined
    told?.catch(() => undefined)
    const reached = await Promise.all(apart.map((level) => level.invalidate(invalidation)))
    // Shared levels first, then the other instances: what these then read there is newer.
    await (told ?? publisher?.publish(invalidation))
    if (reached.includes(false)) throw new Error('an invalidation has not reached every level yet')
  }

  return {
    kinds: Object.fromEntries(kinds) as Cache<Values>['kinds'],
    keys,
    memory,
    position: () => epochs.position(),
    async invalidate(...invalidated) {
      for (const name of invalidated) checkName(name)
      for (const name of invalidated) applyHere(name)
      await Promise.all(invalidated.map(({ kind, name }) => carry({ kind, name })))
    },
    apply(invalidation) {
      applyHere(invalidation)
      for (const level of levels) level.invalidate(invalidation).catch(onError)
    },
    distrust(reason) {
      trust.lose(reason)
    },
    trust() {
      trust.regain()
    },
    sweep,
    stats: () => ({
      ...memory.stats(),
      fills: coalescer.stats(),
      stale: sumStale(stale.map((read) => read())),
      levels: Object.fromEntries(levels.map((level) => [level.name, level.stats()])),
      distrusted: trust.reason(),
    }),
    close: stopSweeping,
  }
}

const sumStale = (all: readonly StaleStats[]): StaleStats => {
  const sum = (read: (stats: StaleStats) => number): number =>
    all.reduce((total, stats) => total + read(stats), 0)
  return {
    staleWhileRevalidate: sum((stats) => stats.staleWhileRevalidate),
    staleIfError: sum((stats) => stats.staleIfError),
    refreshes: sum((stats) => stats.refreshes),
    earlyRefreshes: sum((stats) => stats.earlyRefreshes),
    refreshErrors: sum((stats) => stats.refreshErrors),
  }
}
