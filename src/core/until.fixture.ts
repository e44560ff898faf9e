const PAUSE_MS = 5

/**
 * Waits until a condition holds; rejects after `timeoutMs`. Resolves with how long it did not hold, in
 * milliseconds, measured up to the start of the last check that failed, so that the time a check takes does not
 * count. Time in which this process was not scheduled does not count either.
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what = 'what was waited for',
  timeoutMs = 20_000,
): Promise<number> {
  let startMs = performance.now()
  for (let lastedMs = 0; ;) {
    const beganMs = performance.now() - startMs
    if (await holds()) return lastedMs
    if (beganMs > timeoutMs) throw new Error(`${what} did not come about in time`)
    lastedMs = beganMs
    const pausedMs = performance.now()
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    startMs += Math.max(0, performance.now() - pausedMs - 2 * PAUSE_MS)
  }
}
