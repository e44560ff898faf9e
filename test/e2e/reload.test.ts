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

  test('is taken on SIGHUP once it is good again', async () => {
    writeConfig(gate.folder, config('sixth'))
    gate.kill('SIGHUP')
    await until(async () => (await hello()) === 'sixth')
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
    const moved = config('seventh').replace('listen: {', 'listen: { requestsMax: 9,')
    expect(await next(moved)).toContain('"restart":["listen"]')
    expect(await next(`${moved}# something else\n`)).toContain('"restart":["listen"]')
    expect(await next(config('seventh'))).not.toContain('next start')
  })
})
