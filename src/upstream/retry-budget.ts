const RESERVE = 10

/**
 * Keeps retries from multiplying the load on an upstream that is already failing: every request earns a share of a
 * retry, every retry spends one, and a small reserve covers quiet times.
 */
export interface RetryBudget {
  earn(): void
  /** Takes one retry if there is one. */
  spend(): boolean
}

/** Creates a {@link RetryBudget} that earns `share` of a retry with each request. */
export function createRetryBudget(share: number): RetryBudget {
  let balance = share > 0 ? RESERVE : 0
  return {
    earn() {
      if (balance < RESERVE) balance = Math.min(RESERVE, balance + share)
    },
    spend() {
      if (balance < 1) return false
      balance--
      return true
    },
  }
}

/** A random pause below a ceiling that doubles with each retry ("full jitter"). */
export function backoffMs(
  retry: number,
  limits: { readonly backoff: number; readonly backoffMax: number },
  fraction: number,
): number {
  return fraction * Math.min(limits.backoffMax, limits.backoff * 2 ** Math.min(retry, 30))
}

/** Milliseconds of a Retry-After value (RFC 9110 §10.2.3: seconds or a date), or `undefined`. */
export function retryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}
