import { rmSync } from 'node:fs'
import { readProcesses, treeOf } from './process-tree.ts'

/** Things that must not outlive this process. */
export interface Belongings {
  /** A process that this one started; its descendants are included. */
  readonly pid?: number
  /** A folder, removed with everything in it. */
  readonly folder?: string
}

/**
 * Ends a process and removes a folder if this process exits before it could do so in an orderly way, as after a second
 * Ctrl-C. Descendants are killed (SIGKILL), since nobody is left to wait for them. Belongings registered last go
 * first.
 *
 * @returns a function to call once both are gone
 */
export function endAtExit({ pid, folder }: Belongings): () => void {
  const clean = (): void => {
    if (pid !== undefined) killTree(pid)
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  // In reverse order, because a process may still write to the folder in which it was started.
  process.prependListener('exit', clean)
  return () => process.off('exit', clean)
}

/** Kills a process and all its descendants, as far as the system reveals them. */
export function killTree(pid: number): void {
  for (const member of new Set([...treeOf([pid], readProcesses()), pid])) {
    try {
      process.kill(member, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
}
