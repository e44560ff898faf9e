import type { Clock } from '../../core/clock.ts'
import type { Moment } from '../moment.ts'
import { isWithin, momentOf, NEVER } from '../moment.ts'

/** Whether what is heard is all there is to hear. */
export interface Liveness {
  /** All that was published before a moment has been heard. */
  proven(since: Moment): void
  /** Whether there was such a proof lately: by the clock, at this moment. */
  isLive(): boolean
  /** {@link Liveness.isLive}, and when not, says so before it returns, unless it was said just now. */
  check(): boolean
  /** Times that silence began. */
  silences(): number
  stop(): void
}

/** What {@link watchLiveness} needs. */
export interface LivenessOptions {
  readonly clock: Clock
  /** A proof older than this is none. */
  readonly silenceMs: number
  /** Said again and again while there is silence. */
  readonly onSilence: () => void
  readonly onLive: () => void
}

/**
 * Watches a {@link Liveness}; it begins in silence. A timer says when silence begins, but whoever decides by
 * it asks the clock: a process that stood still wakes up with its timers due and requests waiting, in any
 * order.
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
