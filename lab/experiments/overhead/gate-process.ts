import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { LabError } from '../../core/index.ts'
import { endAtExit, killTree } from '../../machine/index.ts'

/** A gate in a process and a folder of its own; both are removed at the end. */
export interface GateProcess {
  readonly url: string
  readonly pid: number
  /** Calls the admin API; rejects with a `LabError` for anything but success. */
  ask(method: string, path: string, body: unknown): Promise<unknown>
  close(): Promise<void>
}

const START_MS_MAX = 20_000
const STOP_MS_MAX = 10_000

/**
 * Starts `tollgate serve` with a configuration.
 *
 * @param command - Program and first arguments; `null` for the installed package.
 */
export async function startGate(
  config: Readonly<Record<string, unknown>>,
  command: readonly string[] | null,
  signal: AbortSignal,
): Promise<GateProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-lab-'))
  const release = endAtExit({ folder })
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true })
    release()
  }
  try {
    const path = join(folder, 'tollgate.yaml')
    await writeFile(path, stringify({ ...config, storage: { folder: join(folder, 'data') } }))
    const gate = await startIn(folder, [...(command ?? installedCommand()), 'serve', path], signal)
    const close = async (): Promise<void> => {
      await gate.close()
      await remove()
    }
    return { ...gate, close }
  } catch (error) {
    await remove()
    throw error
  }
}

async function startIn(
  folder: string,
  command: readonly string[],
  signal: AbortSignal,
): Promise<GateProcess> {
  const child = spawnIn(folder, command)
  const { pid } = child
  const release = endAtExit({ pid })
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(killTree, STOP_MS_MAX, pid)
    await child.exited
    clearTimeout(timer)
    release()
  }
  const giveUp = (): void => killTree(pid)
  const timer = setTimeout(giveUp, START_MS_MAX)
  signal.addEventListener('abort', giveUp)
  try {
    const { gate, admin, rootKey } = await readAddresses(child.stderr)
    signal.throwIfAborted()
    return {
      url: gate,
      pid,
      ask: async (method, route, body) => ask(new URL(`/v1${route}`, admin), method, rootKey, body),
      close,
    }
  } catch (error) {
    await close()
    signal.throwIfAborted()
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

function spawnIn(folder: string, command: readonly string[]) {
  try {
    return Bun.spawn([...command], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    throw new LabError(`cannot start ${command[0]}: ${(error as Error).message}`)
  }
}

/** Reads the three lines that the gate prints when it has started. */
async function readAddresses(
  stream: ReadableStream<Uint8Array>,
): Promise<{ readonly gate: string; readonly admin: string; readonly rootKey: string }> {
  const decoder = new TextDecoder()
  const reader = stream.getReader()
  let said = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) throw new LabError(`the gate did not start: ${said.trim()}`)
    said += decoder.decode(value, { stream: true })
    const gate = /Gate on (\S+)/.exec(said)?.[1]
    const admin = /Admin API on (\S+)\/reference/.exec(said)?.[1]
    const rootKey = /Root key, shown this once: (\S+)\n/.exec(said)?.[1]
    if (gate === undefined || admin === undefined || rootKey === undefined) continue
    void drain(reader)
    return { gate, admin, rootKey }
  }
}

/** Keeps reading, so that the gate never blocks on writing its log. */
async function drain(reader: { read(): Promise<{ readonly done: boolean }> }): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // The gate is gone, and with it its log.
  }
}

async function ask(url: URL, method: string, rootKey: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (response.ok) return response.json()
  throw new LabError(`${method} ${url.pathname}: ${response.status} ${await response.text()}`)
}

/** The gate that belongs to this lab: the package that contains it, or one that is installed beside it. */
function installedCommand(): readonly string[] {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    for (const home of [folder, join(folder, 'node_modules/tollgate')]) {
      const manifest = join(home, 'package.json')
      const launcher = join(home, 'bin/tollgate.mjs')
      if (existsSync(launcher) && nameOf(manifest) === 'tollgate') return ['node', launcher]
    }
  }
  const program = Bun.which('tollgate')
  if (program !== null) return [program]
  throw new LabError('no tollgate was found; say how to start it with --command')
}

function nameOf(manifest: string): string | undefined {
  if (!existsSync(manifest)) return undefined
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly name?: string }).name
}
