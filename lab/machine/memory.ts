import { readSystemFile, readSystemFolder } from './proc.ts'
import { readProcesses, treeOf } from './process-tree.ts'

/** The memory and handles of a process and its descendants. */
export interface Holdings {
  readonly residentBytes: number
  /** Open files and sockets. */
  readonly handles: number
  readonly threads: number
}

/** @returns `null` if the process is gone or the system does not tell. */
export function readHoldings(pid: number): Holdings | null {
  let residentBytes = 0
  let handles = 0
  let threads = 0
  for (const member of treeOf([pid], readProcesses())) {
    const status = readSystemFile(`/proc/${member}/status`) ?? ''
    residentBytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
    threads += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0)
    handles += readSystemFolder(`/proc/${member}/fd`).length
  }
  return residentBytes === 0 ? null : { residentBytes, handles, threads }
}
