/** How a sweep is paced. */
export interface SweepOptions {
  readonly schedule: (run: () => void, delayMs: number) => () => void
  readonly intervalMs: number
  /** Slots looked at in one go, so that no request waits for long: some 50 µs. */
  readonly slotsMax: number
}

/** A sweep that finds so large a share dead goes on soon. */
const BUSY_SHARE = 0.25
const SOON_MS = 10

/**
 * Removes dead entries little by little. While many are found it goes on after a pause of 10 ms, which
 * lets requests through; else after the interval.
 *
 * @param sweep looks at so many slots and returns how many were dead
 * @returns how to end it
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
