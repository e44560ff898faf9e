import { pinned } from './processors.ts'

/** Runs until it is killed or the process it is told of is gone. */
const LOOP = 'while kill -0 "$1" 2>/dev/null; do :; done'

/**
 * Keeps a processor from halting, by a process that gives way to every other (`SCHED_IDLE`). The processor of a virtual
 * machine that has halted is taken from it, and comes back when its host finds the time: mostly after some 20 µs, now
 * and then after a millisecond, which would be most of what is seen of p99.
 *
 * @returns what lets it halt again; `undefined` where processes cannot be told so.
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
