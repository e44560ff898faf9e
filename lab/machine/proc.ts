import { readFileSync, readdirSync } from 'node:fs'

/** A file of `/proc` or `/sys`; `undefined` where it does not exist or may not be read. */
export function readSystemFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** The entries of a folder of `/proc`; none if it does not exist (any more). */
export function readSystemFolder(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** What `/proc/PID/stat` says about a process; times in clock ticks. */
export interface ProcessStat {
  readonly parentPid: number
  /** Its own time on a processor and that of the children it has waited for. */
  readonly ticks: number
}

/** proc(5): the name stands in parentheses and may hold anything, so fields count from the last one. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const numberAt = (field: number): number => Number(fields[field - 3])
  const ticks = numberAt(14) + numberAt(15) + numberAt(16) + numberAt(17)
  const parentPid = numberAt(4)
  return Number.isFinite(ticks) && Number.isFinite(parentPid) ? { parentPid, ticks } : undefined
}
