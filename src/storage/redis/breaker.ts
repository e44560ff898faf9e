/** Keeps callers from waiting for something that does not answer. */
export interface Breaker {
  /** Whether a try is allowed now. While it is open, one caller at a time may try after each pause. */
  tryEnter(): boolean
  succeeded(): void
  failed(): void
  isOpen(): boolean
}

/** What {@link createBreaker} needs. */
export interface BreakerOptions {
  readonly monotonicMs: () => number
  /** Failures in a row that open it. */
  readonly failuresMax: number
  readonly cooldownMs: number
}

/** Creates a closed {@link Breaker}. */
export function createBreaker({ monotonicMs, failuresMax, cooldownMs }: BreakerOptions): Breaker {
  let failures = 0
  let retryAtMs = 0
  const isOpen = (): boolean => failures >= failuresMax
  return {
    tryEnter() {
      if (!isOpen()) return true
      const nowMs = monotonicMs()
      if (nowMs < retryAtMs) return false
      retryAtMs = nowMs + cooldownMs
      return true
    },
    succeeded() {
      failures = 0
    },
    failed() {
      failures += 1
      if (isOpen()) retryAtMs = monotonicMs() + cooldownMs
    },
    isOpen,
  }
}
