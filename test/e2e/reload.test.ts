import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
  until,
  writeConfig,
} from '../../src/server/gate-process.fixture.ts'
import { startHoldingUpstream } from '../../src/server/holding-upstream.fixture.ts'

/** The configuration changes while the gate runs; the last good one stays in force. */

const upstream = startHoldingUpstream()

const config = (body: string): string => `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
limits:
  three: { kind: bucket, limit: 3, window: 1h, by: address }
defaults: { limits: [] }
upstreams:
  slow: { targets: ['${upstream.url}'] }
routes:
  - { id: hello, path: /hello, credentials: [anonymous], respond: { body: ${body} } }
  - { id: three, path: /three, credentials: [anonymous], limits: [three], respond: { body: ${body} } }
  ${body === 'first' ? '- { id: slow, path: /slow, credentials: [anonymous], upstream: slow }' : ''}
`

let gate: GateProcess
beforeAll(async () => {
  gate = await startGateProcess(makeFolder(config('first')))
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
  await upstream.stop()
})

const hello = async (): Promise<string> => (await fetch(`${gate.url}/hello`)).text()

describe('the configuration', () => {
  test('is taken when the file changes; requests in flight finish on the old one', async () => {
    expect(await hello()).toBe('first')
    expect((await fetch(`${gate.url}/three`)).status).toBe(200)
    const slow = fetch(`${gate.url}/slow?hold`)
    await until(async () => upstream.held() === 1)
    writeConfig(gate.folder, config('second'))
    await until(async () => (await hello()) === 'second')
    expect((await fetch(`${gate.url}/slow`)).status).toBe(404)
    upstream.release()
    expect(await (await slow).text()).toBe('whole')
  })

  test('does not give back what a limit has counted', async () => {
    const statuses: number[] = []
    for (let at = 0; at < 3; at += 1) statuses.push((await fetch(`${gate.url}/three`)).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  test('is taken when the file is replaced, as editors do', async () => {
    const beside = join(gate.folder, 'tollgate.yaml.new')
    writeFileSync(beside, config('third'))
    renameSync(beside, join(gate.folder, 'tollgate.yaml'))
    await until(async () => (await hello()) === 'third')
  })

  test('that is wrong is not taken: the last good one stays, and says why', async () => {
    const before = (await gate.json('GET', '/v1/config'))['revision']
    writeConfig(gate.folder, `${config('fourth')}\nroutess: []\n`)
    await gate.says(/configuration not reloaded/)
    gate.kill('SIGHUP')
    await gate.says(/configuration not reloaded[^]*configuration not reloaded/)
    expect(await hello()).toBe('third')
    const state = await gate.json('GET', '/v1/config')
    expect(state['revision']).toBe(before)
    expect(JSON.stringify(state['refused'])).toContain('routess')
    const metrics = await (await fetch(`${gate.admin}/metrics`)).text()
    expect(metrics).toMatch(/tollgate_config_last_reload_successful 0/)
  })

  test('that does not compile is not taken either', async () => {
    const twice = "  - { id: again, path: '/hello', credentials: [anonymous], respond: {} }"
    writeConfig(gate.folder, `${config('fifth')}\n${twice}\n`)
    await gate.says(/(configuration not reloaded[^]*){3}/)
    expect(await hello()).toBe('third')
  })

  test('whose allow-list cannot be read is not taken, says where, and asks no upstream', async () => {
    let asked = 0
    const probed = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response(String((asked += 1))),
    })
    const health = `health: { path: /, interval: 100ms }`
    const lists = `policy: { allowLists: { scenes: { file: nowhere.txt } } }`
    const target = `  probed: { targets: ['${probed.url.origin}'], ${health} }\nroutes:`
    writeConfig(gate.folder, `${config('sixth').replace('routes:', target)}\n${lists}\n`)
    await gate.says(/(configuration not reloaded[^]*){4}/)
    expect(gate.said()).toMatch(/tollgate\.yaml:\d+:\d+ allow-list scenes: cannot be read/)
    expect(await hello()).toBe('third')
    const state = await gate.json('GET', '/v1/config')
    expect(JSON.stringify(state['refused'])).toContain('allow-list scenes')
    const before = asked
    // What must not come cannot be waited for: five times the interval of the checks.
    await Bun.sleep(500)
    expect(asked - before).toBeLessThanOrEqual(1)
    await probed.stop(true)
  })

  test('is taken on SIGHUP once it is good again', async () => {
    writeConfig(gate.folder, config('seventh'))
    gate.kill('SIGHUP')
    await until(async () => (await hello()) === 'seventh')
    const state = await gate.json('GET', '/v1/config')
    expect(state['refused'] ?? null).toBeNull()
  })

  test('says what waits for the next start for as long as it differs from that of the start', async () => {
    const reloaded = /"msg":"configuration reloaded","revision":(\d+)/g
    const next = async (text: string): Promise<string> => {
      const at = gate.said().length
      writeConfig(gate.folder, text)
      await until(async () => gate.said().slice(at).match(reloaded) !== null)
      // The warning stands in the same turn as the line before it: a later line means that both are there.
      gate.kill('SIGHUP')
      await until(async () => (gate.said().slice(at).match(reloaded)?.length ?? 0) >= 2)
      return gate.said().slice(at)
    }
    const served = config('seventh').replace('listen: {', 'listen: { hosts: [127.0.0.1],')
    expect(await next(served)).not.toContain('next start')
    const moved = config('seventh').replace('listen: {', 'listen: { requestsMax: 9,')
    expect(await next(moved)).toContain('"restart":["listen"]')
    expect(await next(`${moved}# something else\n`)).toContain('"restart":["listen"]')
    expect(await next(config('seventh'))).not.toContain('next start')
  })
})

test.each([1, 2])(
  'names, trusted proxies and the sizes of URIs and bodies hold at once in %d processes; what is in flight keeps its own',
  async (workers) => {
    const configured = (listen: string, bodyMax: string): string => `
listen: { address: '127.0.0.1:0', ${listen} }
admin: { address: '127.0.0.1:0' }
upstreams:
  slow: { targets: ['${upstream.url}'] }
routes:
  - { id: hello, path: /hello, credentials: [anonymous], respond: { body: hello } }
  - { id: slow, path: /slow, methods: [POST], bodyMax: ${bodyMax}, credentials: [anonymous], upstream: slow }
`
    const own = await startGateProcess(makeFolder(configured('', '1KiB')), [
      '--workers',
      String(workers),
    ])
    const proxied = { host: 'other.example', 'x-forwarded-for': '203.0.113.9' }
    const statusOf = async (path: string, init: RequestInit = {}): Promise<number> =>
      (await fetch(`${own.url}${path}`, init)).status
    const long = `/hello?${'x'.repeat(500)}`
    const large = { method: 'POST', body: 'x'.repeat(4_000_000) }
    const answeredFrom = async (wanted: string): Promise<string[]> => {
      const page = await own.json('GET', '/v1/audit?kind=traffic&limit=500')
      const records = page['data'] as { route: string; address: string; status: number }[]
      return records.flatMap(({ route, address, status }) =>
        route === wanted && status === 200 ? [address] : [],
      )
    }
    try {
      expect(await statusOf('/hello', { headers: proxied })).toBe(200)
      expect(await statusOf(long)).toBe(200)
      expect(await statusOf('/slow', large)).toBe(413)
      const slow = statusOf('/slow?hold', { method: 'POST', headers: proxied })
      await until(async () => upstream.held() === 1)
      const listen = 'hosts: [127.0.0.1], trustedProxies: [127.0.0.0/8], uriMax: 256B'
      writeConfig(own.folder, configured(listen, '5MiB'))
      await own.json('POST', '/v1/config/reload')
      expect(await statusOf('/hello', { headers: proxied })).toBe(400)
      expect(await statusOf(long)).toBe(414)
      expect(await statusOf('/slow', large)).toBe(200)
      const forwarded = { 'x-forwarded-for': '203.0.113.9' }
      expect(await statusOf('/hello?believed', { headers: forwarded })).toBe(200)
      upstream.release()
      expect(await slow).toBe(200)
      await until(async () => (await answeredFrom('/slow')).length === 2)
      expect(await answeredFrom('/slow')).toEqual(['127.0.0.1', '127.0.0.1'])
      await until(async () => (await answeredFrom('/hello')).includes('203.0.113.9'))
    } finally {
      upstream.release()
      await own.stop()
      removeFolder(own.folder)
    }
  },
  30_000,
)
