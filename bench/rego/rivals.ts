import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Value } from '../../src/rego/index.ts'
import type { Scenario } from './policies.ts'

/** Another engine that decides the same policies. */
export interface Rival {
  readonly name: string
  /** Whether it answers synchronously, so that it is timed as ours is. */
  readonly isSync: boolean
  /** Decides once, and returns a function that does so again; `undefined` if it cannot decide this policy. */
  decide(scenario: Scenario, input: Value): Promise<(() => unknown) | undefined>
  close(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function runs(command: string, args: readonly string[]): Promise<boolean> {
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore' })
    child.on('error', () => resolve(null))
    child.on('exit', resolve)
  })
  return code === 0
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url)
    return response.ok
  } catch {
    return false
  }
}

/** An OPA server on this machine, if an `opa` binary is on the PATH. */
export async function opaServer(scenarios: readonly Scenario[]): Promise<Rival | undefined> {
  if (!(await runs('opa', ['version']))) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'bench-rego-'))
  const files: string[] = []
  for (const [i, scenario] of scenarios.entries()) {
    files.push(join(folder, `${String(i)}.rego`))
    await writeFile(files[i]!, scenario.module)
  }
  const data = Object.assign({}, ...scenarios.map((scenario) => scenario.data)) as object
  files.push(join(folder, 'data.json'))
  await writeFile(files.at(-1)!, JSON.stringify(data))
  const base = `http://127.0.0.1:${String(await freePort())}`
  const child = spawn(
    'opa',
    ['run', '--server', '--addr', base.slice(7), '--log-level', 'error', ...files],
    { stdio: 'ignore' },
  )
  let up = false
  for (let i = 0; i < 200 && !up && child.exitCode === null; i++) {
    up = await answers(`${base}/health`)
    if (up) break
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  if (!up) {
    await rm(folder, { recursive: true, force: true })
    throw new Error('the OPA server did not start with these policies')
  }
  return {
    name: 'opa over HTTP',
    isSync: false,
    decide(scenario, input) {
      const url = `${base}/v1/${scenario.entry.replaceAll('.', '/')}`
      const body = JSON.stringify({ input })
      const request = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
      return Promise.resolve(async () => (await fetch(url, request)).json())
    },
    close: async () => {
      await stop(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => {
    child.on('exit', resolve)
  })
  child.kill()
  await gone
}

interface WasmPolicy {
  setData(data: unknown): void
  evaluate(input: unknown): unknown
}

/** The npm package that runs OPA's wasm, if it is installed and an `opa` binary can build a policy. */
export async function opaWasm(): Promise<Rival | undefined> {
  const name: string = '@open-policy-agent/opa-wasm'
  let load: (wasm: Uint8Array) => Promise<WasmPolicy>
  try {
    const module = (await import(name)) as {
      loadPolicy: typeof load
      default?: { loadPolicy: typeof load }
    }
    load = module.loadPolicy ?? module.default?.loadPolicy
  } catch {
    return undefined
  }
  if (!(await runs('opa', ['version']))) return undefined
  const built = new Map<string, Promise<WasmPolicy | undefined>>()
  return {
    name: 'opa-wasm',
    isSync: true,
    async decide(scenario, input) {
      const known = built.get(scenario.name) ?? buildWasm(scenario, load)
      built.set(scenario.name, known)
      const policy = await known
      try {
        policy?.evaluate(input)
        return policy && (() => policy.evaluate(input))
      } catch {
        // It lacks a built-in, or memory for the data.
        return undefined
      }
    },
    close: () => Promise.resolve(),
  }
}

/** Compiles a policy to wasm with the `opa` binary; `undefined` if that fails. */
async function buildWasm(
  { module, entry, data }: Scenario,
  load: (wasm: Uint8Array) => Promise<WasmPolicy>,
): Promise<WasmPolicy | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-rego-'))
  try {
    const [source, bundle] = [join(folder, 'p.rego'), join(folder, 'bundle.tar.gz')]
    await writeFile(source, module)
    const rule = entry.slice('data.'.length).replaceAll('.', '/')
    const isBuilt = await runs('opa', ['build', '-t', 'wasm', '-e', rule, '-o', bundle, source])
    if (!isBuilt || !(await runs('tar', ['-xzf', bundle, '-C', folder, '/policy.wasm'])))
      return undefined
    const policy = await load(await readFile(join(folder, 'policy.wasm')))
    policy.setData(data)
    return policy
  } catch {
    return undefined
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
