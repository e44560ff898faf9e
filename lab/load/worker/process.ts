import { Engine } from '../engine/engine.ts'
import type { LoadJob } from '../job.ts'
import type { ProgressMessage, WorkerMessage, WorkerOrder } from './messages.ts'

/** A load worker: a process that takes one job from its parent, then exits. */

const PROGRESS_MS = 500

const tell = (message: WorkerMessage): void => {
  process.send?.(message)
}

let engine: Engine | undefined

process.on('message', (order: WorkerOrder) => {
  if (order.kind === 'job') void prepare(order.job)
  else if (order.kind === 'go') void run()
  else engine?.stop()
})
// The parent is gone.
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches all processes of a terminal; the parent decides what to do.
process.on('SIGINT', () => undefined)

async function prepare(job: LoadJob): Promise<void> {
  try {
    engine = new Engine(job, () => performance.now())
    tell({ kind: 'ready', connections: await engine.warm() })
  } catch (error) {
    tell({ kind: 'error', message: error instanceof Error ? error.message : String(error) })
  }
}

async function run(): Promise<void> {
  if (engine === undefined) return
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  const timer = setInterval(() => tell(progressOf(engine!, startMs)), PROGRESS_MS)
  const isOver = engine.run()
  tell({ kind: 'started' })
  await isOver
  clearInterval(timer)
  const { user, system } = process.cpuUsage(cpuBefore)
  const elapsedMs = performance.now() - startMs
  tell({ kind: 'result', result: engine.tally.result((user + system) / 1000, elapsedMs) })
}

function progressOf(engine: Engine, startMs: number): ProgressMessage {
  const { warmUp, counted, lag } = engine.tally.takePulse()
  return {
    kind: 'progress',
    atMs: performance.now() - startMs,
    warmUp: { ...warmUp, response: warmUp.response.toJSON() },
    counted: { ...counted, response: counted.response.toJSON() },
    inFlight: engine.inFlight,
    connections: engine.connectionsOpen,
    lag: lag.toJSON(),
  }
}
