/** Whether invalidations of other instances are known to arrive. */
export interface Trust {
  isTrusted: boolean
  /** Why not; `undefined` while trusted. */
  reason: string | undefined
  /** Raised whenever trust is lost: what was being read then may have missed something. */
  losses: number
}

/** Trusts from the start. */
export const createTrust = (): Trust => ({ isTrusted: true, reason: undefined, losses: 0 })
