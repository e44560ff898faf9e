import { afterAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  makeFolder,
  makeKey,
  removeFolder,
  runTollgate,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'
import { startHoldingUpstream } from '../../src/server/holding-upstream.fixture.ts'

/** What goes wrong at night, and what whoever is called then gets to see. */

const upstream = startHoldingUpstream()
afterAll(() => upstream.stop())

const configOf = (drainTimeout: string): string => `
listen: { address: '127.0.0.1:0', drainTimeout: ${drainTimeout} }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
defaults: { limits: [] }
upstreams:
  app: { targets: ['${upstream.url}'] }
routes:
  - { id: stream, path: /stream, credentials: [anonymous], upstream: app }
  - { id: hello, path: /hello, credentials: [anonymous], respond: { body: ok } }
`
const CONFIG = configOf('1m')

describe('SIGTERM while answers are being streamed', () => {
  test('lets them end, and is recorded before the process is gone', async () => {
    const gate = await startGateProcess(makeFolder(CONFIG))
    const streamed = await fetch(`${gate.url}/stream?hold`)
    const reader = streamed.body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toBe('first ')
    const ended = gate.stop()
    await gate.says(/"stopping"/)
    upstream.release()
    const rest: string[] = []
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      rest.push(new TextDecoder().decode(part.value))
    }
    expect(rest.join('')).toBe('last')
    expect(await ended).toBe(0)
    expect(gate.said()).toContain('"finished":true')
    removeFolder(gate.folder)
  })

  test('cuts those that do not end in time, and the client can tell', async () => {
    const gate = await startGateProcess(makeFolder(configOf('200ms')))
    const streamed = await fetch(`${gate.url}/stream?hold`)
    const text = streamed.text().then(
      () => 'complete',
      () => 'cut',
    )
    expect(await gate.stop()).toBe(0)
    expect(await text).toBe('cut')
    expect(gate.said()).toContain('"finished":false')
    removeFolder(gate.folder)
  })
})

/** Sets the limits of a running process; a part of Linux. */
const prlimit = Bun.which('prlimit')

/** Writes beyond this many bytes of a file fail, as they do on a full disk. */
const FILE_BYTES_MAX = 1_000_000

describe('a data folder that cannot be written', () => {
  test.skipIf(prlimit === null)(
    'when a file can grow no longer, requests go on and changes are refused',
    async () => {
      const gate = await startGateProcess(makeFolder(CONFIG))
      const { id } = await makeKey(gate, 'acme', {})
      expect(id).toStartWith('key_')
      const limited = Bun.spawnSync([
        'prlimit',
        '--pid',
        String(gate.pid),
        `--fsize=${FILE_BYTES_MAX}`,
      ])
      if (!limited.success) throw new Error(limited.stderr.toString())
      const filler = 'x'.repeat(3500)
      const make = (at: number): Promise<Response> =>
        gate.call('POST', '/v1/tenants/acme/keys', { name: `k${at}`, metadata: { filler } })
      let refused: Response | undefined
      for (let at = 0; at < 2000 && refused === undefined; at += 8) {
        const answers = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((more) => make(at + more)))
        refused = answers.find(({ status }) => status !== 201)
      }
      expect(refused?.status).toBe(503)
      const problem = await refused?.text()
      expect(problem).not.toMatch(/SQLITE|EFBIG|tollgate\.db|node_modules|\n\s+at /)
      expect((await fetch(`${gate.url}/hello`)).status).toBe(200)
      await gate.says(/EFBIG|full|too large|disk|I\/O/i)
      gate.kill('SIGKILL')
      await gate.exited
      removeFolder(gate.folder)
    },
    60_000,
  )

  test.skipIf(process.getuid?.() === 0)(
    'when it may not be written at the start, says which folder and why',
    async () => {
      const folder = makeFolder(CONFIG)
      mkdirSync(join(folder, '.tollgate'))
      chmodSync(folder, 0o500)
      const run = runTollgate(folder, ['serve'])
      expect(await run.exited).toBe(1)
      expect(run.said()).toContain('.tollgate')
      chmodSync(folder, 0o700)
      removeFolder(folder)
    },
  )

  test('when something else stands in its place, says which and why, and leaves that alone', async () => {
    const folder = makeFolder(CONFIG)
    writeFileSync(join(folder, '.tollgate'), 'mine')
    const run = runTollgate(folder, ['serve'])
    expect(await run.exited).toBe(1)
    expect(run.said()).toContain('.tollgate')
    expect(run.said()).not.toMatch(/\n\s+at /)
    expect(readFileSync(join(folder, '.tollgate'), 'utf8')).toBe('mine')
    removeFolder(folder)
  })

  test('when the pepper is gone but the database is there, refuses to start', async () => {
    const gate = await startGateProcess(makeFolder(CONFIG))
    await gate.stop()
    const pepper = join(gate.folder, '.tollgate', 'pepper')
    expect(statSync(pepper).mode & 0o777).toBe(0o600)
    Bun.spawnSync(['rm', pepper])
    const run = runTollgate(gate.folder, ['serve'])
    expect(await run.exited).toBe(1)
    expect(run.said()).toMatch(/pepper is missing: restore it/)
    expect(existsSync(pepper)).toBe(false)
    removeFolder(gate.folder)
  })

  test('when the database is damaged, says so and changes nothing', async () => {
    const gate = await startGateProcess(makeFolder(CONFIG))
    await gate.stop()
    const database = join(gate.folder, '.tollgate', 'tollgate.db')
    writeFileSync(database, 'this is no database, and it is long enough to be looked at closely')
    const run = runTollgate(gate.folder, ['serve'])
    expect(await run.exited).toBe(1)
    expect(run.said()).toContain('tollgate.db')
    expect(readFileSync(database, 'utf8')).toStartWith('this is no database')
    removeFolder(gate.folder)
  })
})

describe('files that somebody moves while the gate runs', () => {
  test('the audit log: nothing is acknowledged that no reader would find, and it goes on once it is back', async () => {
    const gate = await startGateProcess(makeFolder(CONFIG))
    const path = join(gate.folder, '.tollgate/ledger/000000000001.log')
    const make = async (id: string): Promise<number> =>
      (await gate.call('POST', '/v1/tenants', { id, name: id })).status
    const ready = async (): Promise<number> => (await fetch(`${gate.admin}/ready`)).status
    renameSync(path, `${path}.1`)
    expect(await make('away')).toBe(503)
    expect(await ready()).toBe(503)
    expect((await fetch(`${gate.url}/hello`)).status).toBe(200)
    await gate.says(/"the audit log cannot be written[^\n]*its file was moved or removed/)
    renameSync(`${path}.1`, path)
    await gate.says(/"the audit log is written again"/)
    expect(await ready()).toBe(200)
    expect(await make('back')).toBe(201)
    expect(await gate.json('POST', '/v1/audit/verify')).toMatchObject({ ok: true })
    await gate.stop()
    removeFolder(gate.folder)
  })

  test('the database: changes are refused, and a stop still writes the audit log', async () => {
    const mine = "  - { id: mine, path: /mine, permission: 'a:read', respond: { body: mine } }\n"
    const gate = await startGateProcess(
      makeFolder(`${CONFIG}${mine}audit: { flushInterval: 1m }\n`),
    )
    const { secret } = await makeKey(gate, 'acme', { permissions: ['a:read'] })
    const database = join(gate.folder, '.tollgate/tollgate.db')
    renameSync(database, `${database}.1`)
    const made = await gate.call('POST', '/v1/tenants', { id: 'away', name: 'Away' })
    expect(made.status).toBe(503)
    expect(await made.text()).toContain('The data cannot be written')
    const headers = { authorization: `Bearer ${secret}` }
    expect((await fetch(`${gate.url}/mine`, { headers })).status).toBe(200)
    // When the key was used cannot be written.
    expect(await gate.stop()).toBe(1)
    expect(gate.said()).toContain('the data cannot be written: its file was moved or removed')
    const log = readFileSync(join(gate.folder, '.tollgate/ledger/000000000001.log'), 'utf8')
    expect(log).toContain('"route":"/mine"')
    removeFolder(gate.folder)
  })
})

test.skipIf(prlimit === null)(
  "with workers, a full disk is the primary's trouble: requests go on in all of them",
  async () => {
    const gate = await startGateProcess(makeFolder(CONFIG), ['--workers', '2'])
    const limited = Bun.spawnSync(['prlimit', '--pid', String(gate.pid), '--fsize=1'])
    expect(limited.success).toBe(true)
    for (let time = 0; time < 20; time += 1) {
      expect((await fetch(`${gate.url}/hello`, { keepalive: false })).status).toBe(200)
    }
    const made = await gate.call('POST', '/v1/tenants', { id: 'late', name: 'Late' })
    expect(made.status).toBeGreaterThanOrEqual(500)
    await until(async () => (await fetch(`${gate.admin}/ready`)).status === 503)
    gate.kill('SIGKILL')
    await gate.exited
    removeFolder(gate.folder)
  },
  30_000,
)
