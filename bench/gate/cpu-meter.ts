import { readdirSync, readFileSync } from 'node:fs'
import type { CpuReading, ThreadReading } from './cpu-time.ts'

/**
 * Reads the CPU time of a process by thread: from the scheduler's own figures on Linux, from `ask` (of the
 * whole process) elsewhere.
 */
export function createCpuMeter(
  pid: number,
  ask: () => Promise<CpuReading>,
): () => Promise<CpuReading> {
  const folder = `/proc/${pid}/task`
  const groups = new Map<number, string>()
  const groupOf = (id: number): string => {
    const known = groups.get(id)
    if (known !== undefined) return known
    const name = id === pid ? 'main' : groupName(readText(`${folder}/${id}/comm`))
    groups.set(id, name)
    return name
  }
  const read = (): CpuReading => {
    const threads = new Map<number, ThreadReading>()
    for (const id of readdirSync(folder).map(Number)) {
      // A thread may end between listing and reading.
      try {
        threads.set(id, { group: groupOf(id), ...readThread(`${folder}/${id}`) })
      } catch {
        continue
      }
    }
    return threads
  }
  try {
    if ((read().get(pid)?.ns ?? 0) > 0) return async () => read()
  } catch {
    // No such files: another system.
  }
  return ask
}

const readText = (path: string): string => readFileSync(path, 'latin1').trim()

/** Threads of a pool are numbered. */
const groupName = (name: string): string => name.replace(/[ #-]*\d+$/, '')

function readThread(folder: string): Omit<ThreadReading, 'group'> {
  const [ns, waitedNs] = readText(`${folder}/schedstat`).split(' ').map(Number)
  // Fields are counted from after the name, which may contain anything (proc(5): utime is the 14th of all).
  const stat = readText(`${folder}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    ns: ns ?? 0,
    waitedNs: waitedNs ?? 0,
    userTicks: Number(fields[11]),
    systemTicks: Number(fields[12]),
  }
}
