import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Subprocess } from 'bun'
import type { BundleServer } from '../../src/policy/remote/bundle-server.fixture.ts'
import { startBundleServer } from '../../src/policy/remote/bundle-server.fixture.ts'
import { writeBundle } from '../../src/policy/with-rego.ts'

/** A gate that takes its policy from a server and logs its decisions, as a real process. */

const ENTRY = join(resolve(import.meta.dir, '../..'), 'bin/tollgate.ts')

let folder: string
let server: BundleServer
let gate: Subprocess<'ignore', 'ignore', 'pipe'>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-policy-bundle-'))
  server = startBundleServer()
})
afterEach(async () => {
  gate.kill('SIGKILL')
  await gate.exited
  await server.stop()
  rmSync(folder, { recursive: true })
})

const bundleOf = (method: string, revision: string): Uint8Array =>
  writeBundle({
    modules: { 'app.rego': `package app\n\nallow if input.request.method == "${method}"\n` },
    data: {},
    revision,
    regoVersion: 1,
  })

const configOf = (): string => `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
policies:
  decisionLog: { file: {} }
  remote:
    bundle: { url: '${server.url}', minDelay: 10ms, maxDelay: 50ms, token: '\${BUNDLE_TOKEN}' }
    entry: data.app.allow
routes:
  - { id: r, path: /r, methods: [GET, POST], credentials: [anonymous], policy: remote, respond: { body: {} } }
`

async function start(): Promise<{ url: string; admin: string }> {
  writeFileSync(join(folder, 'tollgate.yaml'), configOf())
  gate = Bun.spawn([process.execPath, ENTRY, 'serve'], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', BUNDLE_TOKEN: 'hush-hush' },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  let said = ''
  for await (const chunk of gate.stderr) {
    said += new TextDecoder().decode(chunk)
    const admin = /Admin API on (\S+)\/reference/.exec(said)?.[1]
    if (admin !== undefined) return { url: /Gate on (\S+)/.exec(said)?.[1] ?? '', admin }
  }
  throw new Error(said)
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await Bun.sleep(5)
}

const statusOf = async (url: string, method = 'GET'): Promise<number> =>
  (await fetch(`${url}/r`, { method })).status

test('a gate is ready when its bundle has come; killed, it decides on without the server', async () => {
  const first = await start()
  const ready = await fetch(`${first.admin}/ready`)
  expect(ready.status).toBe(503)
  expect(await statusOf(first.url)).toBe(403)
  server.serve(bundleOf('GET', 'r1'), '"1"')
  await until(async () => (await statusOf(first.url)) === 200)
  expect(await statusOf(first.url, 'POST')).toBe(403)
  await until(async () => (await fetch(`${first.admin}/ready`)).status === 200)
  expect(server.seen[0]?.authorization).toBe('Bearer hush-hush')
  server.serve(bundleOf('POST', 'r2'), '"2"')
  await until(async () => (await statusOf(first.url, 'POST')) === 200)
  await until(async () => existsSync(join(folder, '.tollgate/bundles/remote.bundle')))
  await server.nextRequest()
  gate.kill('SIGKILL')
  await gate.exited
  await server.stop()
  const again = await start()
  expect([await statusOf(again.url, 'POST'), await statusOf(again.url)]).toEqual([200, 403])
  const figures = (await (await fetch(`${again.admin}/performance`)).json()) as {
    policies: { revision: string }[]
  }
  expect(figures.policies).toMatchObject([{ policy: 'remote', revision: 'r2' }])
})

test('decisions are in the log when the gate has ended', async () => {
  server.serve(bundleOf('GET', 'r1'), '"1"')
  const { url } = await start()
  await until(async () => (await statusOf(url)) === 200)
  await statusOf(url, 'POST')
  gate.kill('SIGTERM')
  await gate.exited
  const lines = readFileSync(join(folder, '.tollgate/decisions.ndjson'), 'utf8').trim().split('\n')
  const last = JSON.parse(lines.at(-1) ?? '') as unknown
  expect(last).toMatchObject({
    path: 'app/allow',
    bundles: { remote: { revision: 'r1' } },
    input: { request: { method: 'POST' } },
    custom: { route: 'r', caller: { kind: 'anonymous' } },
  })
})
