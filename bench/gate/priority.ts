import { readFileSync } from 'node:fs'

/** Real-time policies: SCHED_FIFO and SCHED_RR (sched(7)). */
const REAL_TIME: ReadonlySet<number> = new Set([1, 2])
/** The policy is the 41st field of all, the 39th behind the name (proc(5)). */
const POLICY_FIELD = 38

/** Whether the main thread of a process runs in real time, by its `/proc/PID/stat`. */
export function isRealTime(stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return REAL_TIME.has(Number(fields[POLICY_FIELD]))
}

/**
 * Prefix of a command line whose main thread runs in real time and whose other threads do not; empty unless this
 * process runs in real time itself (`chrt`). All threads of a server share a processor here. In real time one that
 * compiles, collects or writes would run to its end before the main thread has its turn, which elsewhere
 * it would do on a processor of its own.
 */
export function mainThreadFirst(): readonly string[] {
  try {
    if (!isRealTime(readFileSync('/proc/self/stat', 'latin1'))) return []
  } catch {
    // No such file: another system.
    return []
  }
  const chrt = Bun.which('chrt')
  return chrt === null ? [] : [chrt, '--reset-on-fork', '--rr', '10']
}
