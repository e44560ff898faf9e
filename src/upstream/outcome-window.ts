const SLICES = 10

/** Counts the outcomes within a sliding window, in constant memory. */
export interface OutcomeWindow {
  add(nowMs: number, failure: boolean): void
  sum(nowMs: number): { readonly total: number; readonly failures: number }
  clear(): void
}

/** Creates an {@link OutcomeWindow} over `windowMs`, which advances in tenths of its length. */
export function createOutcomeWindow(windowMs: number): OutcomeWindow {
  const sliceMs = windowMs / SLICES
  const totals = new Float64Array(SLICES)
  const failed = new Float64Array(SLICES)
  let current = 0
  const advance = (nowMs: number): number => {
    const slice = Math.floor(nowMs / sliceMs)
    for (let step = Math.max(current + 1, slice - SLICES + 1); step <= slice; step++) {
      totals[step % SLICES] = 0
      failed[step % SLICES] = 0
    }
    current = Math.max(current, slice)
    return current % SLICES
  }
  return {
    add(nowMs, failure) {
      const at = advance(nowMs)
      totals[at] = (totals[at] ?? 0) + 1
      if (failure) failed[at] = (failed[at] ?? 0) + 1
    },
    sum(nowMs) {
      advance(nowMs)
      const add = (a: number, b: number): number => a + b
      return { total: totals.reduce(add, 0), failures: failed.reduce(add, 0) }
    },
    clear() {
      totals.fill(0)
      failed.fill(0)
    },
  }
}
