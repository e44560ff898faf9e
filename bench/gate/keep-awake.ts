import { pinned } from './processors.ts'

/** Runs until it is killed, or until the process with the given id is gone. */
const LOOP = 'while kill -0 "$1" 2>/dev/null; do :; done'

/**
 * Keeps a processor from halting, with a process that yields to every other (`SCHED_IDLE`). A halted processor of a
 * virtual machine is taken away, and comes back when the host schedules it: mostly after some 20 µs, occasionally
 * after a millisecond, which would dominate p99.
 *
 * @returns A function that lets it halt again; `undefined` if such a process cannot be started.
 */
export function keepAwake(processor: number): (() => Promise<void>) | undefined {
  const pin = pinned(processor)
  const chrt = Bun.which('chrt')
  if (pin.length === 0 || chrt === null) return undefined
  const command = [...pin, chrt, '--idle', '0', 'sh', '-c', LOOP, 'keep-awake', String(process.pid)]
  const child = Bun.spawn(command, { stdio: ['ignore', 'ignore', 'ignore'] })
  return async () => {
    child.kill('SIGKILL')
    await child.exited
  }
}
