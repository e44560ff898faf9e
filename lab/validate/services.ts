import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { LabError } from '../core/index.ts'
import { endAtExit, killTree } from '../machine/index.ts'
import { awaitReady } from './await-ready.ts'
import type { Plan } from './plan.ts'

/** Servers that a plan has started. */
export interface Services {
  /** Ends them in reverse order: with SIGTERM, then SIGKILL for those that do not exit. */
  stop(): Promise<void>
}

const STOP_MS_MAX = 10_000
const SAID_CHARACTERS_MAX = 2000

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  /** Call it when the service has ended. */
  readonly release: () => void
}

/**
 * Starts the servers of a plan one after another, each when the previous one is ready.
 *
 * @param folder - Where their programs run: the folder of the plan.
 * @throws {LabError} If one does not become ready; those started before it are ended.
 */
export async function startServices(
  services: Plan['services'],
  folder: string,
  stop: AbortSignal,
): Promise<Services> {
  const running: Running[] = []
  const stopAll = async () => {
    for (const service of running.toReversed()) await end(service)
  }
  try {
    for (const [name, service] of Object.entries(services)) {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(service.timeoutMs)])
      running.push(await start(name, service, folder, signal))
    }
    return { stop: stopAll }
  } catch (error) {
    await stopAll()
    throw error
  }
}

async function start(
  name: string,
  { command: [program = '', ...args], ready, environment }: Plan['services'][string],
  folder: string,
  signal: AbortSignal,
): Promise<Running> {
  const answers = await fetch(ready, { signal }).catch(() => undefined)
  if (answers !== undefined) {
    throw new LabError(`service ${name}: something else answers at ${ready} already`)
  }
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  })
  const release = child.pid === undefined ? () => undefined : endAtExit({ pid: child.pid })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-SAID_CHARACTERS_MAX)
  })
  const failed = once(child, 'error').then(([error]: unknown[]) => error as Error)
  const ended = Promise.race([once(child, 'exit'), failed])
  const outcome = await Promise.race([awaitReady(ready, child, signal), failed])
  const running = { child, ended, release }
  if (outcome === true) return running
  await end(running)
  const why = outcome instanceof Error ? outcome.message : said.trim()
  throw new LabError(`service ${name} did not get ready at ${ready}${why === '' ? '' : `: ${why}`}`)
}

async function end({ child, ended, release }: Running): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM')
    const timer = setTimeout(killTree, STOP_MS_MAX, child.pid)
    await ended
    clearTimeout(timer)
  }
  release()
}
