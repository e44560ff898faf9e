/** Counts the requests of each caller per second of the clock. Returns whether there are too many. */
export function createCallerLimit(
  perSecond: number,
  nowMs: () => number,
): (caller: string) => boolean {
  const taken = new Map<string, { second: number; count: number }>()
  return (caller) => {
    const second = Math.floor(nowMs() / 1000)
    const window = taken.get(caller)
    if (window === undefined || window.second !== second) {
      taken.set(caller, { second, count: 1 })
      return false
    }
    window.count += 1
    return window.count > perSecond
  }
}
