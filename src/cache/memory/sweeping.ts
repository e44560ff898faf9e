/** How a sweep is paced. */
export interface SweepOptions {
  readonly schedule: (run: () => void, delayMs: number) => () => void
  readonly intervalMs: number
  /** How many slots are looked at without a pause, so that no request waits for long (some 50 µs). */
  readonly slotsMax: number
}

/** A sweep that finds this share of its slots dead continues soon. */
const BUSY_SHARE = 0.25
const SOON_MS = 10

/**
 * Removes dead entries little by little. While it finds many, it continues after a pause of 10 ms, which lets requests
 * through; otherwise after the interval.
 *
 * @param sweep looks at the given number of slots, and returns how many were dead
 * @returns a function that ends it
 */
export function startSweeping(
  sweep: (slotsMax: number) => number,
  { schedule, intervalMs, slotsMax }: SweepOptions,
): () => void {
  let cancel: () => void
  const run = (): void => {
    const isBusy = sweep(slotsMax) > slotsMax * BUSY_SHARE
    cancel = schedule(run, isBusy ? Math.min(SOON_MS, intervalMs) : intervalMs)
  }
  cancel = schedule(run, intervalMs)
  return () => cancel()
}
