/** Whether the invalidations of other instances are known to arrive. */
export interface Trust {
  /**
   * Whether they are at this moment, judged by a clock where possible: what was said earlier no longer holds if the
   * process itself was suspended. Ask at each decision, and do not keep the answer.
   */
  isTrusted(): boolean
  /** Why not; `undefined` while trusted. */
  reason(): string | undefined
  /** How often trust was lost. If this changes during a read, the read may have missed an invalidation. */
  losses(): number
  lose(reason: string): void
  regain(): void
}

/**
 * Creates a {@link Trust}, which trusts from the start.
 *
 * @param isHeard whether everything has been heard, by the clock; absent where only what the bus says counts
 */
export function createTrust(isHeard?: () => boolean): Trust {
  let isTold = true
  let told: string | undefined
  let wasHeard = true
  let losses = 0
  const check = (): boolean => {
    if (isHeard === undefined) return isTold
    const hears = isHeard()
    if (!hears && wasHeard) losses++
    wasHeard = hears
    return hears && isTold
  }
  return {
    isTrusted: check,
    reason: () => (check() ? undefined : (told ?? 'others have not been heard for too long')),
    losses() {
      check()
      return losses
    },
    lose(reason) {
      isTold = false
      told = reason
      losses++
    },
    regain() {
      isTold = true
      told = undefined
    },
  }
}
