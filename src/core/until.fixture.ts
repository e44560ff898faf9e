const PAUSE_MS = 5

/**
 * Waits until something holds; fails after `timeoutMs`. Answers how long it did not hold: when the last look
 * that said so began, so that what looking takes does not count. Nor does time in which this process had no
 * turn: that is nobody's delay.
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
