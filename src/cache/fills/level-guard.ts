import type {
  EntryMeta,
  Invalidation,
  InvalidationPublisher,
  Level,
  LevelAnswer,
  LevelFence,
  LevelStats,
} from '../contract.ts'

/** How many failed invalidations are kept for a retry; with more, everything is invalidated instead. */
const RETRIED_MAX = 256

/**
 * A level as fills see it. It never throws, and answers `unavailable` while an invalidation has not reached it, so that
 * what was revoked cannot come back from there.
 */
export interface LevelGuard {
  readonly name: string
  readonly publisher: InvalidationPublisher | undefined
  get(key: string, signal: AbortSignal): Promise<LevelAnswer>
  /** Stores in the background. */
  set(key: string, meta: EntryMeta, body: Uint8Array, fence: LevelFence): void
  /** Resolves with whether it reached the level; if not, {@link LevelGuard.settle} retries it. */
  invalidate(invalidation: Invalidation): Promise<boolean>
  /** Retries what failed. */
  settle(): Promise<void>
  stats(): LevelStats
}

/** Creates a {@link LevelGuard}. */
export function guardLevel(level: Level, onError: (error: unknown) => void): LevelGuard {
  let pending = 0
  let failed: Invalidation[] = []

  const invalidate = async (invalidation: Invalidation): Promise<boolean> => {
    pending++
    try {
      await level.invalidate(invalidation)
      return true
    } catch (error) {
      onError(error)
      failed.push(invalidation)
      if (failed.length > RETRIED_MAX) failed = [{ kind: 'all', name: '' }]
      return false
    } finally {
      pending--
    }
  }

  return {
    name: level.name,
    publisher: level.publisher,
    invalidate,
    async get(key, signal) {
      if (pending > 0 || failed.length > 0) {
        return { state: 'unavailable', reason: 'an invalidation has not reached it' }
      }
      try {
        return await level.get(key, signal)
      } catch (error) {
        onError(error)
        return { state: 'unavailable', reason: 'it failed' }
      }
    },
    set(key, meta, body, fence) {
      level.set(key, { meta, body }, fence).catch(onError)
    },
    async settle() {
      const again = failed
      if (again.length === 0) return
      // It stays closed meanwhile: `pending` counts before `failed` is emptied.
      const tries = again.map(invalidate)
      failed = failed.filter((one) => !again.includes(one))
      await Promise.all(tries)
    },
    stats: () => level.stats(),
  }
}
