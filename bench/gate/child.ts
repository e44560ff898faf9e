import { rmSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import gateEnvironment from '../../bin/environment.json' with { type: 'json' }
import { armNamed } from './arms.ts'
import { createCpuMeter } from './cpu-meter.ts'
import type { CpuReading } from './cpu-time.ts'
import type { Answer, AuditCounts, Memory, Question, ServerOptions } from './messages.ts'
import { KEYS_FILE } from './messages.ts'
import { pinned } from './processors.ts'

/** The server process of an arm, seen from the generator. */
export interface Server {
  readonly pid: number
  readonly arm: string
  readonly isPinned: boolean
  readonly port: number
  /** CPU time of all its threads so far. */
  cpu(): Promise<CpuReading>
  /** Resolves when everything that waits for the audit log is on disk. */
  drain(): Promise<AuditCounts>
  memory(): Promise<Memory>
  /** Stops its execution until it is {@link Server.thaw | thawed}. */
  freeze(): void
  thaw(): void
  /** Ends the process and removes its data. */
  stop(): Promise<void>
}

/** A data folder with keys, to be copied. */
export interface KeyFolder {
  readonly folder: string
  readonly keys: readonly string[]
  remove(): Promise<void>
}

/** How an arm is started. */
export interface StartOptions extends Pick<ServerOptions, 'cacheAgeMs' | 'indexBytes'> {
  readonly arm: string
  readonly hosts: readonly string[]
  /** The folder that its own data folder is copied from; it starts empty if absent. */
  readonly from?: KeyFolder
}

/** Where servers run; the generator has another. */
export const SERVER_PROCESSOR = 0

/** A folder that is removed at the latest when this process ends, even by Ctrl-C. */
interface Folder {
  readonly path: string
  remove(): Promise<void>
}

async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'tollgate-bench-'))
  const atExit = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', atExit)
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true })
      process.off('exit', atExit)
    },
  }
}

/** Makes keys in a process of its own, so that no other process has them in its heap. */
export async function makeKeyFolder(count: number): Promise<KeyFolder> {
  const folder = await makeFolder()
  try {
    const maker = await startProcess({ folder: folder.path, makeKeys: count, hosts: [] })
    await maker.ask('stop')
    await maker.exited
    const keys = (await readFile(join(folder.path, KEYS_FILE), 'latin1')).split('\n')
    return { folder: folder.path, keys, remove: folder.remove }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/** Starts the server of an arm; resolves when it listens. */
export async function startServer({ from, ...options }: StartOptions): Promise<Server> {
  const folder = await makeFolder()
  try {
    if (from !== undefined) await cp(from.folder, folder.path, { recursive: true })
    const { pid, port, isPinned, ask, exited, kill } = await startProcess({
      ...options,
      folder: folder.path,
    })
    return {
      pid,
      arm: options.arm,
      isPinned,
      port,
      cpu: createCpuMeter(pid, async () => {
        const { userUs, systemUs } = await ask('cpu')
        const ns = (userUs + systemUs) * 1000
        const reading = { ns, waitedNs: 0, userTicks: userUs, systemTicks: systemUs }
        return new Map([[pid, { group: 'process', ...reading }]])
      }),
      drain: async () => ask('drain'),
      memory: async () => ask('memory'),
      freeze: () => kill('SIGSTOP'),
      thaw: () => kill('SIGCONT'),
      async stop() {
        // The data is not kept, and an orderly shutdown would take seconds to write it.
        kill('SIGKILL')
        await exited
        await folder.remove()
      },
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/** The answer to each question. */
interface Said {
  readonly cpu: Extract<Answer, { kind: 'cpu' }>
  readonly drain: Extract<Answer, { kind: 'drained' }>
  readonly memory: Extract<Answer, { kind: 'memory' }>
  readonly stop: Extract<Answer, { kind: 'stopped' }>
}

/** A process that is ready. */
interface Process {
  readonly pid: number
  readonly port: number
  readonly isPinned: boolean
  readonly exited: Promise<number>
  /** Questions are answered one at a time, in order. */
  ask<Q extends Question>(question: Q): Promise<Said[Q]>
  kill(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void
}

/** Whether it is a gate, which is started as users start it. */
const isGate = ({ arm }: ServerOptions): boolean =>
  arm !== undefined && armNamed(arm).layers !== 'bare'

async function startProcess(spec: ServerOptions): Promise<Process> {
  const waiting: {
    readonly resolve: (answer: Answer) => void
    readonly reject: (error: Error) => void
  }[] = []
  const next = async (): Promise<Answer> => {
    const answer = await new Promise<Answer>((resolve, reject) => {
      waiting.push({ resolve, reject })
    })
    if (answer.kind === 'failed') throw new Error(`the server process: ${answer.reason}`)
    return answer
  }
  const ready = next()
  const pin = pinned(SERVER_PROCESSOR)
  const child = Bun.spawn(
    [...pin, process.execPath, join(import.meta.dir, 'server.ts'), JSON.stringify(spec)],
    {
      env: { ...(isGate(spec) && gateEnvironment), ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'inherit', 'inherit'],
      ipc: (message: Answer) => waiting.shift()?.resolve(message),
      onExit: () => {
        for (const { reject } of waiting) reject(new Error('the server process ended'))
      },
    },
  )
  // A frozen process would not notice that this one is gone. It must end before the folder it writes to is removed.
  const end = (): void => {
    child.kill('SIGKILL')
  }
  process.prependOnceListener('exit', end)
  void child.exited.then(() => process.off('exit', end))
  try {
    const first = await ready
    if (first.kind !== 'ready') throw new Error('the server did not start')
    return {
      pid: child.pid,
      port: first.port,
      isPinned: pin.length > 0,
      exited: child.exited,
      async ask<Q extends Question>(question: Q) {
        child.send(question)
        return (await next()) as Said[Q]
      },
      kill: (signal) => child.kill(signal),
    }
  } catch (error) {
    child.kill()
    throw error
  }
}
