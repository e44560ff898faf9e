import { rmSync } from 'node:fs'
import { readProcesses, treeOf } from './process-tree.ts'

/** What must not outlive this process. */
export interface Belongings {
  /** Process that was started, whose descendants count as well. */
  readonly pid?: number
  /** Removed with all that is in it. */
  readonly folder?: string
}

/**
 * Ends a process and removes a folder when this process exits before it could do so in order, as after a second
 * Ctrl-C: descendants are killed (SIGKILL), since nobody is there to wait for them any more. What was named last goes
 * first.
 *
 * @returns to be called once both are gone
 */
export function endAtExit({ pid, folder }: Belongings): () => void {
  const clean = (): void => {
    if (pid !== undefined) killTree(pid)
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  // The last thing first: a folder is still written to by the process that was started in it.
  process.prependListener('exit', clean)
  return () => process.off('exit', clean)
}

/** Kills a process with all its descendants, as far as the system tells which these are. */
export function killTree(pid: number): void {
  for (const member of new Set([...treeOf([pid], readProcesses()), pid])) {
    try {
      process.kill(member, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
}
