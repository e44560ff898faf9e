import { readdirSync, readFileSync } from 'node:fs'
import { until } from '../core/until.fixture.ts'

/** What processes may not be blamed for: the time in which the machine gave them no turn. */

/** Fields of `/proc/PID/stat` behind the name, which may hold anything; none for a process that is gone. */
function statOf(pid: number | string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

/** The processes that a process has started and that run. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const [state, parent] = statOf(name)
    return Number(parent) === pid && state !== 'Z' ? [Number(name)] : []
  })
}

/** Whether a process runs: one that ended and whose end nobody asked for yet does not. */
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

/** What processes missed while they were looked at. */
export interface Turns {
  /** Milliseconds in which they had no turn since the first look, those of all together. */
  missedMs(): number
  stop(): void
}

const LOOK_MS = 10

/** Looks at processes from now on. */
export function watchTurns(pids: readonly number[]): Turns {
  const since = pids.map((pid) => ({ pid, fromMs: waitedMs(pid), lastMs: 0 }))
  let stoppedMs = 0
  let lookedMs = performance.now()
  const look = (): void => {
    const nowMs = performance.now()
    for (const { pid } of since) if (statOf(pid)[0] === 'T') stoppedMs += nowMs - lookedMs
    lookedMs = nowMs
  }
  const timer = setInterval(look, LOOK_MS)
  return {
    missedMs() {
      look()
      for (const each of since)
        each.lastMs = Math.max(each.lastMs, waitedMs(each.pid) - each.fromMs)
      return since.reduce((sum, { lastMs }) => sum + lastMs, stoppedMs)
    },
    stop: () => clearInterval(timer),
  }
}

/**
 * Waits until something holds, as `until` does, and answers how long it did not hold. Time in which a gate
 * or one of its workers had no turn does not count: what is promised within a second is promised by those
 * who run.
 *
 * @param gates - Their process ids.
 */
export async function untilGates(
  gates: readonly number[],
  holds: () => Promise<boolean>,
  what?: string,
): Promise<number> {
  const turns = watchTurns(gates.flatMap((pid) => [pid, ...childrenOf(pid)]))
  let missedMs = 0
  try {
    const lastedMs = await until(async () => {
      const untilNowMs = turns.missedMs()
      if (await holds()) return true
      missedMs = untilNowMs
      return false
    }, what)
    return lastedMs - missedMs
  } finally {
    turns.stop()
  }
}
