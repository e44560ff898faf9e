import type { ProcessStat } from './proc.ts'
import { parseProcessStat, readSystemFile, readSystemFolder } from './proc.ts'

/** Every visible process; empty if the system has no `/proc`. */
export function readProcesses(): ReadonlyMap<number, ProcessStat> {
  const found = new Map<number, ProcessStat>()
  for (const name of readSystemFolder('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = parseProcessStat(readSystemFile(`/proc/${name}/stat`) ?? '')
    if (stat !== undefined) found.set(Number(name), stat)
  }
  return found
}

/** The processes of `roots` and all their descendants. */
export function treeOf(
  roots: readonly number[],
  processes: ReadonlyMap<number, ProcessStat>,
): ReadonlySet<number> {
  const children = Map.groupBy(processes.keys(), (pid) => processes.get(pid)?.parentPid ?? 0)
  const tree = new Set<number>()
  const add = (pid: number): void => {
    if (tree.has(pid) || !processes.has(pid)) return
    tree.add(pid)
    for (const child of children.get(pid) ?? []) add(child)
  }
  for (const root of roots) add(root)
  return tree
}
