import { join } from 'node:path'
import type { LoadJob } from '../job.ts'
import type { Worker, WorkerListener, WorkerMessage } from './messages.ts'

const PROCESS = join(import.meta.dirname, 'process.ts')

/** Starts a worker on this machine. */
export function startLocalWorker(job: LoadJob, listener: WorkerListener): Worker {
  let isOver = false
  const child = Bun.spawn([process.execPath, PROCESS], {
    stdio: ['ignore', 'ignore', 'inherit'],
    serialization: 'json',
    ipc: (message: WorkerMessage) => {
      isOver ||= message.kind === 'result' || message.kind === 'error'
      listener(message)
    },
    onExit: (_, code, signal) => {
      if (isOver) return
      listener({ kind: 'error', message: `a load worker ended with ${signal ?? code}` })
    },
  })
  child.send({ kind: 'job', job })
  return {
    name: `process ${child.pid}`,
    go: () => child.send({ kind: 'go' }),
    stop: () => child.send({ kind: 'stop' }),
    async close() {
      isOver = true
      child.kill()
      await child.exited
    },
  }
}
