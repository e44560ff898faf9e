import type { Clock } from '../../core/clock.ts'
import type { Invalidation, Level, LevelFence, LevelStats, Name, Position } from '../contract.ts'
import { guardLevel } from '../fills/level-guard.ts'
import type { PutFacts, ResponseStore } from '../http/response-store.ts'
import type { Variants } from '../http/variants.ts'
import { decodeResponse, encodeResponse } from './response-codec.ts'

/** A {@link Level} that tells its fence without a read. */
export interface FencedLevel extends Level {
  /** The present fence, to be taken before a value is read; `undefined` while the level cannot be used. */
  fence(): LevelFence | undefined
}

/** Stored responses in memory, and behind it levels that outlive the process or are shared. */
export interface LayeredStore extends ResponseStore {
  /**
   * Brings what a level holds for a key into memory; resolves with whether there was anything. Calls at the same time
   * share the read, and a level that does not answer makes nobody wait beyond its timeout.
   */
  restore(key: string, hash: number): Promise<boolean>
  /** Applies another instance's invalidation to memory, and to the levels that belong to this instance alone. */
  apply(invalidation: Invalidation): void
  /** Resolves when all invalidations so far have reached every level, so that no restart undoes them. */
  settled(): Promise<void>
  levels(): Readonly<Record<string, LevelStats>>
  /** Stops background work. Levels are left open: they belong to whoever made them. */
  close(): void
}

/** What {@link createLayeredStore} needs. */
export interface LayeredStoreParts {
  readonly memory: ResponseStore
  /** The nearest first. */
  readonly levels: readonly FencedLevel[]
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  /** Called with a sample of the keys that are looked up, to find out which are hot. */
  readonly onLookup?: (key: string) => void
}

/** How many positions' fences are remembered; the result of a load that takes longer is stored in memory only. */
const POSITIONS_MAX = 1024
/** One lookup in eight is counted: counting each would cost more than the lookup. */
const SAMPLE_MASK = 7
/** How many reads of levels may run at once; beyond that, the origin is asked directly. */
const RESTORES_MAX = 1024

/** Puts levels behind stored responses. */
export function createLayeredStore(parts: LayeredStoreParts): LayeredStore {
  const { memory, clock, onError } = parts
  const levels = parts.levels.map((level) => ({ level, guard: guardLevel(level, onError) }))
  const fencesAt = new Map<Position, readonly (LevelFence | undefined)[]>()
  const restoring = new Map<string, Promise<boolean>>()
  const never = new AbortController().signal
  let dice = 0x2545f491
  let reaching: Promise<unknown> = Promise.resolve()

  const position = (): Position => {
    const at = memory.position()
    if (fencesAt.size >= POSITIONS_MAX && !fencesAt.has(at)) fencesAt.clear()
    // Every invalidation moves the position, so a later fence taken at the same position is just as good.
    fencesAt.set(
      at,
      levels.map(({ level }) => level.fence()),
    )
    return at
  }
  const keep = (key: string, variants: Variants, facts: PutFacts): void => {
    const fences = fencesAt.get(facts.since)
    if (fences === undefined || facts.keepMs <= 0) return
    const { meta, body } = encodeResponse({ variants, ...facts }, clock.nowMs())
    for (const [at, { guard }] of levels.entries()) {
      const fence = fences[at]
      if (fence !== undefined) guard.set(key, meta, body, fence)
    }
  }
  const restoreNow = async (key: string, hash: number): Promise<boolean> => {
    for (const { guard } of levels) {
      const since = memory.position()
      const answer = await guard.get(key, never)
      const found = answer.state === 'hit' ? decodeResponse(answer.entry, clock.nowMs()) : undefined
      if (found === undefined) continue
      const { variants, tenant, keepMs } = found
      const names = [...found.names, { kind: 'key', name: key } as const]
      const isThere = memory.get(key, hash) !== undefined
      if (isThere) return true
      if (memory.put(key, hash, variants, { tenant, names, keepMs, since }) === 'stored')
        return true
    }
    return false
  }
  const reach = (invalidation: Invalidation): void => {
    const all = levels.map(async ({ guard }) => guard.invalidate(invalidation))
    reaching = Promise.all([reaching, ...all])
  }
  const settle = setInterval(() => {
    for (const { guard } of levels) guard.settle().catch(onError)
  }, SETTLE_MS)

  return {
    ...memory,
    position,
    put(key, hash, variants, facts) {
      const outcome = memory.put(key, hash, variants, facts)
      if (outcome === 'stored') keep(key, variants, facts)
      return outcome
    },
    forget(key, hash, others) {
      memory.forget(key, hash, others)
      // What is being restored just now is overtaken, and no load that began before is fenced as if it came after.
      memory.invalidate({ kind: 'key', name: key })
      // Levels forget the others, too: they hold the variants of a key as one.
      const all = levels.map(async ({ level }) => level.delete(key).catch(onError))
      reaching = Promise.all([reaching, ...all])
    },
    invalidate(name: Name) {
      memory.invalidate(name)
      reach(name)
    },
    apply(invalidation) {
      memory.invalidate(invalidation)
      reach(invalidation)
    },
    get(key, hash) {
      // Xorshift (Marsaglia 2003): a fixed stride would see only a part of traffic that repeats itself.
      dice ^= dice << 13
      dice ^= dice >>> 17
      dice ^= dice << 5
      if ((dice & SAMPLE_MASK) === 0) parts.onLookup?.(key)
      return memory.get(key, hash)
    },
    async restore(key, hash) {
      const joined = restoring.get(key)
      if (joined !== undefined) return joined
      if (restoring.size >= RESTORES_MAX) return false
      const started = restoreNow(key, hash).finally(() => restoring.delete(key))
      restoring.set(key, started)
      return started
    },
    async settled() {
      await reaching
    },
    levels: () => Object.fromEntries(levels.map(({ level }) => [level.name, level.stats()])),
    close: () => clearInterval(settle),
  }
}

const SETTLE_MS = 1000
