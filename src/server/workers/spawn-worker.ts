import { fileURLToPath } from 'node:url'
import startEnvironment from '../../../bin/environment.json' with { type: 'json' }
import type { FromWorker, ToWorker } from './messages.ts'

/** A worker process. */
export interface WorkerProcess {
  readonly pid: number
  /** Does nothing once the process is gone. */
  send(message: ToWorker): void
  kill(): void
  /** Resolves with how it ended. */
  readonly exited: Promise<string>
}

const ENTRY = fileURLToPath(new URL('../../../bin/worker.ts', import.meta.url))

/**
 * Spawns a worker with the flags of this process. What it is to do comes as messages: nothing stands
 * on its command line, and nothing in its environment that this process did not have.
 */
export function spawnWorker(onMessage: (message: FromWorker) => void): WorkerProcess {
  const child = Bun.spawn([process.execPath, ...process.execArgv, ENTRY], {
    env: workerEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
    serialization: 'advanced',
    ipc: onMessage,
  })
  return {
    pid: child.pid,
    send: (message) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      try {
        child.send(message)
      } catch {
        // It is going: `exited` tells.
      }
    },
    kill: () => child.kill('SIGKILL'),
    exited: child.exited.then((code) => String(child.signalCode ?? `status ${code}`)),
  }
}

function workerEnvironment(): Record<string, string | undefined> {
  const { BUN_OPTIONS: _options, BUN_BE_BUN: _be, TOLLGATE_LAUNCHER_FD: _fd, ...rest } = process.env
  return { ...startEnvironment, ...rest }
}
