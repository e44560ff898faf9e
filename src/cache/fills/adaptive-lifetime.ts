/** What repeated loads have shown of a value; older ones count less. */
export interface ChangeHistory {
  /** How often the value was loaded again. */
  readonly checks: number
  /** How often it had changed by then. */
  readonly changes: number
  /** Mean time between two loads. */
  readonly intervalMs: number
}

/** Nothing seen yet. */
export const NO_HISTORY: ChangeHistory = { checks: 0, changes: 0, intervalMs: 0 }

/** The share of what was seen before that still counts after each check. */
const MEMORY = 0.98
/** A load that takes this long is neither cheap nor costly. */
const TYPICAL_COST_MS = 100

/** The history after one more load. */
export function seen(
  history: ChangeHistory,
  hasChanged: boolean,
  intervalMs: number,
): ChangeHistory {
  const checks = history.checks * MEMORY + 1
  return {
    checks,
    changes: history.changes * MEMORY + (hasChanged ? 1 : 0),
    intervalMs: history.intervalMs + (intervalMs - history.intervalMs) / checks,
  }
}

/**
 * The lifetime with which, on average, at most a certain share of answers is out of date. The rate of change λ is
 * estimated as by Cho and Garcia-Molina ("Estimating Frequency of Change", ACM TOIT 2003, §4.2); within a lifetime T,
 * a share of about λT/2 is out of date. Costly values live up to twice as long, cheap ones half. From one load to the
 * next the lifetime at most doubles, because a value that has never changed may yet do so.
 *
 * @param lifetimeMs the present one
 * @param costMs that the load took
 */
export function adaptedLifetimeMs(
  history: ChangeHistory,
  lifetimeMs: number,
  costMs: number,
  bounds: { readonly ttlMinMs: number; readonly ttlMaxMs: number; readonly staleShareMax: number },
): number {
  const { checks, changes, intervalMs } = history
  if (checks === 0 || intervalMs <= 0) return lifetimeMs
  const rate = -Math.log((checks - changes + 0.5) / (checks + 0.5)) / intervalMs
  const weight = Math.min(2, Math.max(0.5, Math.sqrt(costMs / TYPICAL_COST_MS)))
  const wantedMs = rate > 0 ? ((2 * bounds.staleShareMax) / rate) * weight : Infinity
  return Math.min(bounds.ttlMaxMs, Math.max(bounds.ttlMinMs, Math.min(wantedMs, lifetimeMs * 2)))
}
