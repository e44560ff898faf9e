import type { Clock } from '../../core/clock.ts'
import type { Redis } from '../../storage/index.ts'
import type { EntryMeta } from '../contract.ts'

/**
 * Dates entries in the time of Redis, which all instances share, so that an instance with a wrong wall clock cannot
 * prolong what another one stored.
 */
export interface SharedTime {
  /** Asks Redis for the time if the last answer is old; resolves with whether the time is known. */
  know(): Promise<boolean>
  /** Dates as they are stored; needs {@link SharedTime.know}. */
  toShared(meta: EntryMeta): EntryMeta
  /** Dates as this process counts them. */
  toLocal(meta: EntryMeta): EntryMeta
}

/** In this time, the clocks of two machines drift apart by less than a millisecond. */
const TRUSTED_MS = 10_000

/** Creates a {@link SharedTime}; `key` chooses whose clock counts in a Cluster. */
export function createSharedTime(redis: Redis, clock: Clock, key: string): SharedTime {
  // Redis read its clock at some time between question and answer; both bounds err toward "expired".
  let offsetMsMin = 0
  let offsetMsMax = 0
  let knownMs = -Infinity
  let asking: Promise<boolean> | undefined
  const ask = async (): Promise<boolean> => {
    const sentMs = clock.monotonicMs()
    const [seconds, micros] = (await redis.send(key, ['TIME'])) as readonly [unknown, unknown]
    const sharedMs = Number(seconds) * 1000 + Number(micros) / 1000
    if (!Number.isFinite(sharedMs)) return false
    offsetMsMin = sharedMs - clock.monotonicMs()
    offsetMsMax = sharedMs - sentMs
    knownMs = sentMs
    return true
  }
  const shiftMs = (offsetMs: number): number => clock.monotonicMs() + offsetMs - clock.nowMs()
  return {
    async know() {
      if (clock.monotonicMs() - knownMs < TRUSTED_MS) return true
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return asking
    },
    toShared: (meta) => shifted(meta, shiftMs(offsetMsMin)),
    toLocal: (meta) => shifted(meta, -shiftMs(offsetMsMax)),
  }
}

function shifted(meta: EntryMeta, byMs: number): EntryMeta {
  return {
    ...meta,
    createdMs: meta.createdMs + byMs,
    freshUntilMs: meta.freshUntilMs + byMs,
    staleWhileRevalidateUntilMs: meta.staleWhileRevalidateUntilMs + byMs,
    staleIfErrorUntilMs: meta.staleIfErrorUntilMs + byMs,
    expiresMs: meta.expiresMs + byMs,
  }
}
