import type { Clock } from '../../core/clock.ts'
import type { Moment } from '../moment.ts'
import { isWithin, momentOf, NEVER } from '../moment.ts'

/** Tracks whether everything that was published has been received. */
export interface Liveness {
  /** Records that everything published before a moment has been received. */
  proven(since: Moment): void
  /** Whether there was such a proof recently, judged by the clock at this moment. */
  isLive(): boolean
  /**
   * As {@link Liveness.isLive}; if not live, it reports silence before it returns, unless that was reported just now.
   */
  check(): boolean
  /** How many times silence has begun. */
  silences(): number
  stop(): void
}

/** What {@link watchLiveness} needs. */
export interface LivenessOptions {
  readonly clock: Clock
  /** A proof older than this does not count. */
  readonly silenceMs: number
  /** Called repeatedly while there is silence. */
  readonly onSilence: () => void
  readonly onLive: () => void
}

/**
 * Watches a {@link Liveness}, which begins in silence. A timer reports when silence begins, but decisions must check
 * the clock: a process that was suspended wakes up with timers due and requests waiting, in any order.
 */
export function watchLiveness(options: LivenessOptions): Liveness {
  const { clock, silenceMs, onSilence, onLive } = options
  const everyMs = Math.max(10, silenceMs / 2)
  let latest = NEVER
  let told = NEVER
  let wasLive = false
  let silences = 0
  const isLive = (): boolean => isWithin(clock, latest, silenceMs)
  const tell = (): void => {
    if (wasLive) silences += 1
    wasLive = false
    told = momentOf(clock)
    onSilence()
  }
  const timer = setInterval(() => {
    if (!isLive()) tell()
  }, everyMs)
  return {
    proven(since) {
      if (since.monotonicMs > latest.monotonicMs) latest = since
      if (wasLive || !isLive()) return
      wasLive = true
      onLive()
    },
    isLive,
    check() {
      if (isLive()) return true
      if (wasLive || !isWithin(clock, told, everyMs)) tell()
      return false
    },
    silences: () => silences,
    stop: () => clearInterval(timer),
  }
}
