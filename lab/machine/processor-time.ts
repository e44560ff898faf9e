import { readSystemFile, readSystemFolder } from './proc.ts'
import { readProcesses, treeOf } from './process-tree.ts'

/**
 * Processor time of a process and its descendants in nanoseconds, summed over
 * threads from the scheduler's own figures (`/proc/PID/task/TID/schedstat`). Threads that have ended
 * are no longer counted, so take differences only over spans in which the server keeps its threads.
 *
 * @returns `null` if the system does not tell.
 */
export function processorTimeNs(pid: number): number | null {
  let sum = 0
  for (const member of treeOf([pid], readProcesses())) sum += ownTimeNs(member)
  return sum > 0 ? sum : null
}

/** Like {@link processorTimeNs}, for a known set of processes: cheap enough for slices of milliseconds. */
export function processorTimeOfNs(pids: Iterable<number>): number | null {
  let sum = 0
  for (const pid of pids) sum += ownTimeNs(pid)
  return sum > 0 ? sum : null
}

function ownTimeNs(pid: number): number {
  let sum = 0
  for (const thread of readSystemFolder(`/proc/${pid}/task`)) {
    const text = readSystemFile(`/proc/${pid}/task/${thread}/schedstat`)
    const ns = text === undefined ? 0 : Number.parseInt(text, 10)
    if (Number.isFinite(ns)) sum += ns
  }
  return sum
}
