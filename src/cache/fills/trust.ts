/** Whether invalidations of other instances are known to arrive. */
export interface Trust {
  /**
   * Whether they do at this moment. It asks whoever can read it off a clock, for what was told before holds no
   * longer when the process itself stood still; ask it at each decision and keep no answer.
   */
  isTrusted(): boolean
  /** Why not; `undefined` while trusted. */
  reason(): string | undefined
  /** Raised whenever trust is lost: what was being read then may have missed something. */
  losses(): number
  lose(reason: string): void
  regain(): void
}

/**
 * Creates a {@link Trust}, which trusts from the start.
 *
 * @param isHeard whether everything has been heard, by the clock; absent where only what is told counts
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
