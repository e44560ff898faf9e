import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCpuMeter } from './cpu-meter.ts'
import type { Answer, Memory, Question, ServerOptions } from './messages.ts'
import { KEYS_FILE } from './messages.ts'
import { pinned } from './processors.ts'

/** The server process, seen from the generator. */
export interface Server {
  readonly pid: number
  readonly keys: readonly string[]
  readonly isPinned: boolean
  port(arm: string): number
  /** CPU time of all its threads so far, nanoseconds. */
  cpuNs(): Promise<number>
  memory(): Promise<Memory>
  /** Ends the process and removes its data. */
  stop(): Promise<void>
}

const SERVER_PROCESSOR = 0

/** Starts the server with its keys and arms; resolves when it listens. */
export async function startServer(options: Omit<ServerOptions, 'folder'>): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'))
  const waiting: {
    readonly resolve: (answer: Answer) => void
    readonly reject: (error: Error) => void
  }[] = []
  const next = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject })
    })
  const ready = next()
  const pin = pinned(SERVER_PROCESSOR)
  const spec: ServerOptions = { ...options, folder }
  const child = Bun.spawn(
    [...pin, process.execPath, join(import.meta.dir, 'server.ts'), JSON.stringify(spec)],
    {
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'inherit', 'inherit'],
      ipc: (message: Answer) => waiting.shift()?.resolve(message),
      onExit: () => {
        for (const { reject } of waiting) reject(new Error('the server process ended'))
      },
    },
  )
  const ask = async (question: Question): Promise<Answer> => {
    child.send(question)
    return next()
  }
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const first = await ready
    if (first.kind !== 'ready') throw new Error('the server did not start')
    const keys = (await readFile(join(folder, KEYS_FILE), 'latin1')).split('\n')
    const cpuNs = createCpuMeter(child.pid, async () => {
      const answer = await ask('cpu')
      return answer.kind === 'cpu' ? answer.ns : Number.NaN
    })
    return {
      pid: child.pid,
      keys,
      isPinned: pin.length > 0,
      port: (arm) => first.ports[arm] ?? 0,
      cpuNs,
      async memory() {
        const answer = await ask('memory')
        if (answer.kind !== 'memory') throw new Error('the server told nothing of its memory')
        return answer
      },
      async stop() {
        await ask('stop')
        await child.exited
        await remove()
      },
    }
  } catch (error) {
    child.kill()
    await remove()
    throw error
  }
}
