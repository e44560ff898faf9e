/** Calls back close to a moment. */
export interface Pacer {
  /** Calls `run` soon after `dueMs`; replaces an earlier request to wake. */
  wake(dueMs: number): void
  stop(): void
}

/** Timers may fire a few milliseconds late, so moments nearer than this are awaited without sleeping. */
const TIMER_LATE_MS = 2.5
const SLEEP_MS_MAX = 20

/**
 * Sleeps while there is time; otherwise spins the event loop and watches the clock. At high rates this takes
 * a whole processor, which is why the generator has its own processes.
 */
export function createPacer(clockMs: () => number, run: () => void): Pacer {
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn: ReturnType<typeof setImmediate> | undefined
  let dueMs = Infinity
  let isStopped = false
  const look = (): void => {
    timer = undefined
    turn = undefined
    if (isStopped) return
    if (clockMs() >= dueMs) {
      dueMs = Infinity
      run()
    }
    schedule()
  }
  const schedule = (): void => {
    if (isStopped || turn !== undefined || timer !== undefined || dueMs === Infinity) return
    const leftMs = dueMs - clockMs()
    if (leftMs > TIMER_LATE_MS)
      timer = setTimeout(look, Math.min(leftMs - TIMER_LATE_MS, SLEEP_MS_MAX))
    else turn = setImmediate(look)
  }
  return {
    wake(atMs) {
      if (atMs >= dueMs) return
      dueMs = atMs
      // A sleep until a later moment would end too late.
      clearTimeout(timer)
      timer = undefined
      schedule()
    },
    stop() {
      isStopped = true
      clearTimeout(timer)
      clearImmediate(turn)
    },
  }
}
