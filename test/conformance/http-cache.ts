/**
 * Runs the public suite `http-tests/cache-tests` against the gate: `bun test/conformance/http-cache.ts
 * <folder of the suite> [--cache <options of the route's cache>] [test id]`. The suite is not part of this
 * project; see `docs/guides/http-caching.md` for where it comes from and what the gate scores.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
} from '../../src/server/gate-process.fixture.ts'
import { cacheEverything } from './http-cache-route.fixture.ts'

/** A case of the suite, as far as counting needs it. */
interface Case {
  readonly id: string
  readonly kind?: 'required' | 'optimal' | 'check'
  readonly depends_on?: readonly string[]
  readonly browser_only?: boolean
}

type Results = Readonly<Record<string, true | readonly [string, string]>>
type Verdict = 'pass' | 'fail' | 'dependency' | 'setup' | 'untested'

/** What somebody who wants a cache in front of a public API would write, without what holds off strangers. */
const configOf = (origin: string, cache: string): string => `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
audit: { traffic: { enabled: false } }
defaults: { limits: [] }
bans: { enabled: false }
${cacheEverything(`{ targets: ['${origin}'], retries: { attempts: 0 }, breaker: false }`, cache)}`

async function readCases(root: string): Promise<ReadonlyMap<string, Case>> {
  const load = async (path: string): Promise<unknown> =>
    ((await import(pathToFileURL(join(root, path)).href)) as { default: unknown }).default
  const groups = (await load('tests/index.mjs')) as { readonly tests: readonly Case[] }[]
  return new Map(groups.flatMap(({ tests }) => tests.map((each) => [each.id, each] as const)))
}

async function run(root: string, id: string, cache: string): Promise<Results> {
  const work = mkdtempSync(join(tmpdir(), 'tollgate-cache-tests-'))
  const port = await freePort()
  const origin = await startOrigin(root, work, port)
  try {
    return await runThroughGate(root, `http://127.0.0.1:${port}`, id, cache)
  } finally {
    origin.kill('SIGTERM')
    rmSync(work, { recursive: true, force: true })
  }
}

async function runThroughGate(
  root: string,
  origin: string,
  id: string,
  cache: string,
): Promise<Results> {
  const gate = await startGateProcess(makeFolder(configOf(origin, cache)))
  try {
    const said = await runClient(root, gate.url.replace(/\/$/, ''), id)
    if (id !== '') process.stdout.write(said)
    return id === '' ? (JSON.parse(said.slice(said.indexOf('{'))) as Results) : {}
  } finally {
    await gate.stop()
    removeFolder(gate.folder)
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

/** The suite's origin listens on all interfaces unless it is told otherwise before it starts. */
const LOOPBACK_ONLY = `
const { Server } = require('node:net')
const { listen } = Server.prototype
Server.prototype.listen = function (port, ...rest) {
  const plain = typeof port === 'number' || typeof port === 'string'
  return plain ? listen.call(this, Number(port), '127.0.0.1') : listen.call(this, port, ...rest)
}
`

async function startOrigin(root: string, work: string, port: number): Promise<ChildProcess> {
  const preload = join(work, 'loopback.cjs')
  writeFileSync(preload, LOOPBACK_ONLY)
  const child = spawn('node', ['--require', preload, join(root, 'server/server.mjs')], {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      npm_package_config_protocol: 'http',
      npm_package_config_port: String(port),
      npm_package_config_pidfile: join(work, 'origin.pid'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((started, failed) => {
    child.once('exit', (code) => failed(new Error(`the origin ended with ${code}`)))
    child.stdout?.on('data', (data: Buffer) => {
      if (data.includes('Listening')) started()
    })
  })
  return child
}

async function runClient(root: string, base: string, id: string): Promise<string> {
  const entry = ['test-engine/cli.mjs', 'cli.mjs'].find((path) => existsSync(join(root, path)))
  if (entry === undefined) throw new Error(`${root} holds no suite`)
  const child = spawn('node', ['--no-warnings', join(root, entry)], {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      npm_package_config_base: base,
      npm_package_config_id: id,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: Buffer[] = []
  child.stdout.on('data', (data: Buffer) => said.push(data))
  await new Promise((ended) => child.once('close', ended))
  return Buffer.concat(said).toString()
}

/** A case counts only where the cases it depends on pass: the suite's own rule. */
function verdictOf(all: ReadonlyMap<string, Case>, found: Results, id: string): Verdict {
  const result = found[id]
  if (result === undefined) return 'untested'
  const depends = all.get(id)?.depends_on ?? []
  if (depends.some((other) => verdictOf(all, found, other) !== 'pass')) return 'dependency'
  if (result === true) return 'pass'
  return result[0] === 'Assertion' ? 'fail' : 'setup'
}

/** Prints the counts and what did not pass; whether the goals are reached. */
function report(all: ReadonlyMap<string, Case>, found: Results): boolean {
  const lines: string[] = []
  const passed: Record<string, number> = {}
  for (const kind of ['required', 'optimal', 'check'] as const) {
    const own = [...all.values()].filter(
      (each) => (each.kind ?? 'required') === kind && each.browser_only !== true,
    )
    const counts: Record<Verdict, number> = {
      pass: 0,
      fail: 0,
      dependency: 0,
      setup: 0,
      untested: 0,
    }
    for (const { id } of own) {
      const verdict = verdictOf(all, found, id)
      counts[verdict] += 1
      const result = found[id]
      if (verdict !== 'pass') {
        lines.push(
          `  ${kind} ${verdict} ${id}${Array.isArray(result) ? `: ${result.join(': ')}` : ''}`,
        )
      }
    }
    passed[kind] = counts.pass / Math.max(1, own.length)
    process.stdout.write(
      `${kind}: ${counts.pass} of ${own.length} pass; ${counts.fail} fail, ${counts.dependency} blocked, ${counts.setup} setup, ${counts.untested} untested\n`,
    )
  }
  process.stdout.write(`${lines.join('\n')}\n`)
  return (passed['required'] ?? 0) >= REQUIRED_MIN && (passed['optimal'] ?? 0) >= OPTIMAL_MIN
}

/** The goals as shares, since versions of the suite differ in size. */
const REQUIRED_MIN = 155 / 160
const OPTIMAL_MIN = 85 / 105

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { cache: { type: 'string', default: 'true' } },
    allowPositionals: true,
  })
  const [folder, only = ''] = positionals
  if (folder === undefined) {
    process.stderr.write(
      "usage: http-cache.ts <folder of http-tests/cache-tests> [--cache '{ heuristics: 0.1 }'] [test id]\n",
    )
    process.exitCode = 2
    return
  }
  const suite = resolve(folder)
  const cases = await readCases(suite)
  const results = await run(suite, only, values.cache)
  process.exitCode = only !== '' || report(cases, results) ? 0 : 1
}

await main()
