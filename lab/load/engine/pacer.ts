/** Calls back close to a moment. */
export interface Pacer {
  /** Calls `run` soon after `dueMs`, in place of what was asked before. */
  wake(dueMs: number): void
  stop(): void
}

/** Timers wake up to some milliseconds late: what is nearer than this is waited for awake. */
const TIMER_LATE_MS = 2.5
const SLEEP_MS_MAX = 20

/**
 * Sleeps while there is time and turns the event loop, looking at the clock, when there is not. Costs
 * a processor at high rates; that is why the generator has processes of its own.
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
      // A sleep that was meant for a later moment would end too late.
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
