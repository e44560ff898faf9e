import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Subprocess } from 'bun'

/** A gate whose routes ask the policy of the guide, as a real process. */

const ROOT = resolve(import.meta.dir, '../..')
const ENTRY = join(ROOT, 'bin/tollgate.ts')
const guide = readFileSync(join(ROOT, 'docs/guides/policies.md'), 'utf8')
const CONFIG = /^```yaml tollgate\n([\s\S]*?)^```/m.exec(guide)?.[1] ?? ''
const LISTEN = `listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
`

let folder: string
let gate: Subprocess<'ignore', 'ignore', 'pipe'>
const known = { gate: '', admin: '', root: '' }

const write = (config: string): void => writeFileSync(join(folder, 'tollgate.yaml'), config)
const environment = { PATH: process.env['PATH'] ?? '' }

/** What the answers of the admin API are read as, here. */
interface Answer {
  readonly secret: string
  readonly code: string
  readonly data: readonly Report[]
  readonly layers: readonly { readonly layer: string; readonly rule: string }[]
}
interface Report {
  readonly wouldRefuse: number
  readonly changes: readonly unknown[]
  readonly details?: { readonly policy?: string }
}

async function manage(method: string, path: string, body?: unknown) {
  const answer = await fetch(`${known.admin}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${known.root}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: JSON.parse(text === '' ? '{}' : text) as Answer }
}

async function keyOf(tenantId: string, roles: readonly string[]): Promise<string> {
  const made = await manage('POST', `/tenants/${tenantId}/keys`, { name: 'k', roles })
  expect(made.status).toBe(201)
  return made.body.secret
}

const ask = async (key: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`${known.gate}${path}`, {
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-policy-gate-'))
  for (const [, name = '', text = ''] of guide.matchAll(/^```rego (\S+)\n([\s\S]*?)^```/gm)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  write(LISTEN + CONFIG)
  gate = Bun.spawn([process.execPath, ENTRY, 'serve'], {
    cwd: folder,
    env: environment,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  let said = ''
  for await (const chunk of gate.stderr) {
    said += new TextDecoder().decode(chunk)
    known.gate = /Gate on (\S+)/.exec(said)?.[1] ?? ''
    known.admin = /Admin API on (\S+)\/reference/.exec(said)?.[1] ?? ''
    known.root = /(tollgate_root_\w{43})/.exec(said)?.[1] ?? ''
    if (known.root !== '') break
  }
  expect(said).toContain('Admin API')
  for (const id of ['acme', 'other']) await manage('POST', '/tenants', { id, name: id })
})
afterAll(async () => {
  gate.kill('SIGTERM')
  await gate.exited
  rmSync(folder, { recursive: true })
})

test('the policies in force are shown with their revisions, to administrators and in the figures', async () => {
  const listed = await manage('GET', '/policies')
  expect(listed.body.data).toMatchObject([
    { policy: 'scenes', role: 'active', source: 'files', failure: null },
    { policy: 'scenes', role: 'shadow', source: 'files', failure: null },
  ])
  const performance = await fetch(`${known.admin}/performance`)
  expect(await performance.json()).toMatchObject({
    policies: listed.body.data,
    decisionLog: null,
  })
})

describe('a route with a policy', () => {
  test('asks it with the caller, the request and the body', async () => {
    const viewer = await keyOf('acme', ['viewer'])
    const editor = await keyOf('acme', ['editor'])
    const post = { tenant: 'acme' }
    expect((await ask(viewer, '/scenes/acme')).status).toBe(200)
    expect((await ask(viewer, '/scenes/other')).status).toBe(403)
    expect((await ask(viewer, '/scenes/acme', post)).status).toBe(403)
    expect((await ask(editor, '/scenes/acme', post)).status).toBe(200)
    const refused = await ask(editor, '/scenes/acme', { tenant: 'other' })
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({ code: 'permission_denied', policy: 'scenes' })
  })

  test('explain names the policy and its revision, and asks without counting', async () => {
    const { body } = await manage('POST', '/explain', { method: 'GET', url: '/scenes/acme' })
    expect(body.code).toBe('credential_missing')
    const key = await keyOf('acme', ['viewer'])
    const before = await manage('GET', '/policies/shadow')
    const headers = { 'x-api-key': key }
    const explained = await manage('POST', '/explain', {
      method: 'GET',
      url: '/scenes/other',
      headers,
    })
    const layer = explained.body.layers.find((each) => each.layer === 'authorize')
    expect(layer).toMatchObject({ verdict: 'refuse' })
    expect(layer?.rule).toMatch(/^policy scenes \(revision [0-9a-f]{16}\) refuses/)
    expect((await manage('GET', '/policies/shadow')).body).toEqual(before.body)
  })

  test('the report on the policy in shadow says whose decision would change', async () => {
    const { status, body } = await manage('GET', '/policies/shadow')
    expect(status).toBe(200)
    const [report] = body.data
    expect(report).toMatchObject({ policy: 'scenes', failures: 0 })
    expect(report?.wouldRefuse).toBeGreaterThan(0)
    expect(report?.changes).toContainEqual(
      expect.objectContaining({ active: 'allow', shadow: 'refuse', path: '/scenes/acme' }),
    )
  })

  test('the audit log holds the decision where it is asked to', async () => {
    const key = await keyOf('acme', ['viewer'])
    await ask(key, '/scenes/other')
    let found: Report[] = []
    while (found.length === 0) {
      const { body } = await manage('GET', '/audit?outcome=permission_denied&limit=100')
      found = body.data.filter((record) => record.details?.policy !== undefined)
    }
    expect(found[0]?.details?.policy).toContain('policy scenes')
  })

  test('a mistake is refused with file, line and column; a reload puts a good policy in force', async () => {
    const key = await keyOf('acme', ['viewer'])
    const path = join(folder, 'gate/scenes.rego')
    const good = readFileSync(path, 'utf8')
    writeFileSync(path, good.replace('input.tenant', 'tenant'))
    const checked = Bun.spawnSync([process.execPath, ENTRY, 'check'], {
      cwd: folder,
      env: environment,
    })
    expect(checked.exitCode).toBe(6)
    expect(checked.stderr.toString()).toMatch(/scenes\.rego:\d+:\d+: rego_unsafe_var_error/)
    expect((await manage('POST', '/config/reload')).status).toBe(409)
    expect((await ask(key, '/scenes/acme')).status).toBe(200)
    writeFileSync(path, good.replace('== input.tenant', '!= input.tenant'))
    expect((await manage('POST', '/config/reload')).status).toBe(200)
    expect((await ask(key, '/scenes/acme')).status).toBe(403)
    expect((await ask(key, '/scenes/other')).status).toBe(200)
    writeFileSync(path, good)
    write(`${LISTEN}${CONFIG.replace('policy: scenes', 'policy: scense')}`)
    const unknown = Bun.spawnSync([process.execPath, ENTRY, 'check'], {
      cwd: folder,
      env: environment,
    })
    expect(unknown.stderr.toString()).toContain('scenes')
  })
})
