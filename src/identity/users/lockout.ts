import type { Clock } from '../../core/clock.ts'
import type { IdentityConfig } from '../config.ts'

/** Who tries to log in. */
export interface LockoutSubject {
  /** Tenant and login, whether or not there is such an account. */
  readonly account: string
  readonly address: string
  /** Whether the account has logged in from this address before. */
  readonly known: boolean
}

/** A login attempt that may proceed; say how it ended. */
export interface AdmittedAttempt {
  readonly admitted: true
  /** Takes back the failure that was counted when the attempt began. */
  succeeded(): void
}

/** An attempt that came too soon. */
export interface DelayedAttempt {
  readonly admitted: false
  readonly retryAfterMs: number
}

/**
 * Slows down guessing, based on failures. They count against the account and against the address, and their count
 * halves in each half-life; beyond the number that is forgiven, each further failure doubles the wait. An address that
 * the account has logged in from is judged by its own failures, so that strangers cannot lock the owner out.
 */
export interface Lockout {
  /** Counts the attempt as failed in advance, so that concurrent attempts cannot outrun the count. */
  attempt(subject: LockoutSubject): AdmittedAttempt | DelayedAttempt
}

interface Evidence {
  failures: number
  lastMs: number
}

/** Creates a {@link Lockout}; it remembers a bounded number of subjects, in memory. */
export function createLockout(config: IdentityConfig['lockout'], clock: Clock): Lockout {
  const seen = new Map<string, Evidence>()

  const evidenceOf = (subject: string, nowMs: number): Evidence => {
    const known = seen.get(subject)
    const evidence = known ?? { failures: 0, lastMs: nowMs }
    seen.delete(subject)
    seen.set(subject, evidence)
    if (known === undefined && seen.size > config.subjectsMax) {
      const oldest = seen.keys().next()
      if (oldest.done !== true) seen.delete(oldest.value)
    }
    return evidence
  }

  const waitMs = ({ failures, lastMs }: Evidence, forgiven: number, nowMs: number): number => {
    const excess = Math.round(failures) - forgiven
    if (excess < 0) return 0
    const lockedMs = Math.min(config.waitMax, config.waitMin * 2 ** Math.min(excess, 40))
    return Math.max(0, lastMs + lockedMs - nowMs)
  }

  const addFailure = (evidence: Evidence, nowMs: number): void => {
    const forgotten = 0.5 ** (Math.max(0, nowMs - evidence.lastMs) / config.halfLife)
    evidence.failures = evidence.failures * forgotten + 1
    evidence.lastMs = nowMs
  }

  return {
    attempt({ account, address, known }) {
      const nowMs = clock.monotonicMs()
      const judged = [
        [known ? `p ${address} ${account}` : `a ${account}`, config.accountFailures],
        [`i ${address}`, config.addressFailures],
      ] as const
      const evidence = judged.map(([subject]) => evidenceOf(subject, nowMs))
      const waits = judged.map(([, forgiven], at) => waitMs(evidence[at]!, forgiven, nowMs))
      const retryAfterMs = Math.max(...waits)
      if (retryAfterMs > 0) return { admitted: false, retryAfterMs }
      for (const each of evidence) addFailure(each, nowMs)
      return {
        admitted: true,
        succeeded() {
          for (const each of evidence) each.failures = Math.max(0, each.failures - 1)
        },
      }
    },
  }
}
