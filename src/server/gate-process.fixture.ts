/** The gate as real processes, for tests: started from a configuration in its own folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export { until } from '../core/until.fixture.ts'

const ENTRY = join(import.meta.dirname, '../../bin/tollgate.ts')

/** What a process has written, and how it ended. */
export interface ProcessRun {
  readonly pid: number
  /** Resolves with the exit status once it has ended and, unless a signal killed it, all its output has been read. */
  readonly exited: Promise<number>
  /** Everything on standard error so far. */
  said(): string
  /** Resolves with the match once standard error contains it; rejects if the process ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
}

/** Runs `tollgate` with arguments. */
export function runTollgate(folder: string, args: readonly string[]): ProcessRun {
  const child = Bun.spawn([process.execPath, ENTRY, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '' },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  let said = ''
  let heard = Promise.withResolvers<void>()
  const listen = async (): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of child.stderr) {
      said += decoder.decode(chunk, { stream: true })
      heard.resolve()
      heard = Promise.withResolvers()
    }
    ended = true
    heard.resolve()
  }
  let ended = false
  const listened = listen()
  const exit = async (): Promise<number> => {
    const status = await child.exited
    // The workers of a killed process may hold the other end for a moment longer.
    if (child.signalCode === null) await listened
    return status
  }
  return {
    pid: child.pid,
    exited: exit(),
    said: () => said,
    async says(pattern) {
      for (;;) {
        const match = pattern.exec(said)
        if (match !== null) return match
        if (ended) throw new Error(`it ended without saying ${String(pattern)}: ${said}`)
        await heard.promise
      }
    },
    kill: (signal) => child.kill(signal),
  }
}

/** A folder for a test, with its configuration file. */
export function makeFolder(config: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-gate-'))
  writeConfig(folder, config)
  return folder
}

export const writeConfig = (folder: string, config: string): void =>
  writeFileSync(join(folder, 'tollgate.yaml'), config)

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true })

/** A running gate. */
export interface GateProcess extends ProcessRun {
  readonly folder: string
  readonly url: string
  readonly admin: string
  /** Calls the admin API with the root key. */
  call(method: string, path: string, body?: unknown): Promise<Response>
  /** Calls it and expects success. */
  json(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>
  /** Ends it with SIGTERM; resolves with its exit status. */
  stop(): Promise<number>
}

/** Starts a gate; `rootKey` is needed if the folder has been used before. */
export async function startGateProcess(
  folder: string,
  args: readonly string[] = [],
  rootKey?: string,
): Promise<GateProcess> {
  const run = runTollgate(folder, ['serve', 'tollgate.yaml', ...args])
  const [, url = ''] = await run.says(/Gate on (\S+)\n/)
  const [, admin = ''] = await run.says(/Admin API on (\S+)\/reference/)
  const root = rootKey ?? (await run.says(/tollgate_root_\w{43}/))[0]
  const call = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${admin}${path}`, {
      method,
      headers: { authorization: `Bearer ${root}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return {
    ...run,
    folder,
    url,
    admin,
    call,
    async json(method, path, body) {
      const answer = await call(method, path, body)
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
      return JSON.parse(text) as Record<string, unknown>
    },
    async stop() {
      run.kill('SIGTERM')
      return run.exited
    },
  }
}

/** Makes a tenant and a key with a role or permissions; resolves with the key's id and secret. */
export async function makeKey(
  gate: GateProcess,
  tenant: string,
  key: Readonly<Record<string, unknown>>,
): Promise<{ readonly id: string; readonly secret: string }> {
  await gate.call('POST', '/v1/tenants', { id: tenant, name: tenant })
  const made = await gate.json('POST', `/v1/tenants/${tenant}/keys`, { name: 'test', ...key })
  const { id } = made['key'] as { id: string }
  return { id, secret: String(made['secret']) }
}

/** Sends a request on a new connection, so that the kernel picks a worker for it. */
export const ask = async (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, keepalive: false })
