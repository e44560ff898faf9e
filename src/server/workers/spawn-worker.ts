import { fileURLToPath } from 'node:url'
import startEnvironment from '../../../bin/environment.json' with { type: 'json' }
import type { FromWorker, ToWorker } from './messages.ts'

/** A worker process. */
export interface WorkerProcess {
  readonly pid: number
  /** Does nothing once the process has ended. */
  send(message: ToWorker): void
  kill(): void
  /** Resolves with how it ended. */
  readonly exited: Promise<string>
}

const ENTRY = fileURLToPath(new URL('../../../bin/worker.ts', import.meta.url))

/**
 * Spawns a worker with the flags of this process. It gets its instructions as messages: nothing is added to its command
 * line, and nothing to its environment that this process did not have.
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
        // The process is ending; `exited` tells when it has.
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
