import { availableParallelism } from 'node:os'

/** Prefix of a command line that pins a process to a processor; empty if that is impossible. */
export function pinned(processor: number): readonly string[] {
  const taskset = Bun.which('taskset')
  if (taskset === null || availableParallelism() < 2) return []
  const prefix = [taskset, '-c', String(processor)]
  return Bun.spawnSync([...prefix, 'true']).success ? prefix : []
}

/** Pins this process; returns false if that is impossible. */
export function pinSelf(processor: number): boolean {
  if (pinned(processor).length === 0) return false
  const command = ['taskset', '-a', '-c', '-p', String(processor), String(process.pid)]
  return Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).success
}
