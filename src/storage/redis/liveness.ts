/** Whether what is heard is all there is to hear. */
export interface Liveness {
  /** All that was published before `sinceMs` (monotonic) has been heard. */
  proven(sinceMs: number): void
  /** Whether there was such a proof lately: by the clock, at this moment. */
  isLive(): boolean
  /** Times that silence began. */
  silences(): number
  stop(): void
}

/** What {@link watchLiveness} needs. */
export interface LivenessOptions {
  readonly monotonicMs: () => number
  /** A proof older than this is none. */
  readonly silenceMs: number
  /** Said again and again while there is silence. */
  readonly onSilence: () => void
  readonly onLive: () => void
}

/** Watches a {@link Liveness}; it begins in silence. */
export function watchLiveness(options: LivenessOptions): Liveness {
  const { monotonicMs, silenceMs, onSilence, onLive } = options
  let provenMs = -Infinity
  let wasLive = false
  let silences = 0
  const isLive = (): boolean => monotonicMs() - provenMs <= silenceMs
  const timer = setInterval(
    () => {
      if (isLive()) return
      if (wasLive) silences += 1
      wasLive = false
      onSilence()
    },
    Math.max(10, silenceMs / 2),
  )
  return {
    proven(sinceMs) {
      provenMs = Math.max(provenMs, sinceMs)
      if (wasLive || !isLive()) return
      wasLive = true
      onLive()
    },
    isLive,
    silences: () => silences,
    stop: () => clearInterval(timer),
  }
}
