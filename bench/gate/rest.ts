const REST_MS = 30

/**
 * A pause before each slice. Linux allows real-time processes (`chrt`) 95 % of each second; load
 * that never pauses would be stopped for the rest of it, in the middle of a slice.
 */
export const rest = async (): Promise<void> => Bun.sleep(REST_MS)
