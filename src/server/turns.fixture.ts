import { readdirSync, readFileSync } from 'node:fs'
import type { Interval } from './union-of-intervals.fixture.ts'
import { lengthMs, unionWith } from './union-of-intervals.fixture.ts'

/** Measures the time in which the machine gave processes no turn, for which they cannot be blamed. */

/** Fields of `/proc/PID/stat` after the name, which may contain anything; none for a process that has gone. */
function statOf(pid: number | string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

/** The running processes that a process has started. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const [state, parent] = statOf(name)
    return Number(parent) === pid && state !== 'Z' ? [Number(name)] : []
  })
}

/** Whether a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  const [state = 'X'] = statOf(pid)
  return state !== 'X' && state !== 'Z'
}

/** Milliseconds for which a process was ready to run and waited for a processor, since it began. */
function waitedMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

/** The turns that processes missed while they were watched. */
export interface Turns {
  /**
   * Milliseconds since the first look in which at least one of them had no turn. Time that several miss at once counts
   * once, so this is never more than the time that has passed.
   */
  missedMs(): number
  /** Adds an interval that is known from elsewhere to have had no turns. */
  add(missed: Interval): void
  stop(): void
}

const LOOK_MS = 10

/** Starts watching processes. */
export function watchTurns(pids: readonly number[]): Turns {
  const beganMs = performance.now()
  const watched = pids.map((pid) => ({ pid, waitedMs: waitedMs(pid) }))
  let missed: readonly Interval[] = []
  let lookedMs = beganMs
  const look = (): void => {
    const nowMs = performance.now()
    for (const each of watched) {
      // The kernel counts a wait when it ends, so it may be longer than the time since the last look.
      const totalMs = Math.max(each.waitedMs, waitedMs(each.pid))
      const fromMs = nowMs - (totalMs - each.waitedMs)
      each.waitedMs = totalMs
      missed = unionWith(missed, { fromMs: Math.max(beganMs, fromMs), untilMs: nowMs })
      if (statOf(each.pid)[0] === 'T')
        missed = unionWith(missed, { fromMs: lookedMs, untilMs: nowMs })
    }
    lookedMs = nowMs
  }
  const timer = setInterval(look, LOOK_MS)
  return {
    missedMs() {
      look()
      return lengthMs(missed)
    },
    add: (interval) => {
      missed = unionWith(missed, interval)
    },
    stop: () => clearInterval(timer),
  }
}

const PAUSE_MS = 5
const TIMEOUT_MS = 20_000

/**
 * Waits until a condition holds, and resolves with how long it did not hold, up to the start of the last look that
 * found it false. Time in which a gate or one of its workers had no turn does not count: a promise to act within a
 * second assumes a running process. Neither does time in which this process was kept from looking, as when all are
 * stopped together; what both missed counts once.
 *
 * @param gates - Their process ids.
 */
export async function untilGates(
  gates: readonly number[],
  holds: () => Promise<boolean>,
  what = 'what was waited for',
): Promise<number> {
  const turns = watchTurns(gates.flatMap((pid) => [pid, ...childrenOf(pid)]))
  const beganMs = performance.now()
  try {
    for (let lastedMs = 0; ;) {
      const untilNowMs = performance.now() - beganMs - turns.missedMs()
      if (await holds()) return lastedMs
      if (untilNowMs > TIMEOUT_MS) throw new Error(`${what} did not come about in time`)
      lastedMs = untilNowMs
      const pausedMs = performance.now()
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      turns.add({ fromMs: pausedMs + 2 * PAUSE_MS, untilMs: performance.now() })
    }
  } finally {
    turns.stop()
  }
}
