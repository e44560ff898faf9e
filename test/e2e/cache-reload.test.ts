import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  ask,
  makeFolder,
  removeFolder,
  startGateProcess,
  writeConfig,
} from '../../src/server/gate-process.fixture.ts'
import { HEAD, playOrigin } from './staged-gate.fixture.ts'

/** A gate that stores nothing has not loaded what stores responses; a reload may ask for it any time. */

setDefaultTimeout(60_000)

let times = 0
const origin = playOrigin(
  () => new Response(`n${++times}`, { headers: { 'cache-control': 'max-age=600' } }),
)
afterAll(() => origin.stop())

const config = (cache: boolean): string => `${HEAD}
upstreams:
  app: { targets: ['${origin.url}'] }
routes:
  - { id: r, path: '/{rest...}', upstream: app, credentials: [anonymous], cache: ${cache} }
`

describe.each([
  ['one process', []],
  ['two workers', ['--workers', '2']],
])('%s', (_, args) => {
  test('stores responses from the reload on that asks for it', async () => {
    const gate: GateProcess = await startGateProcess(makeFolder(config(false)), args)
    const asked = async (path: string, count: number): Promise<number> => {
      const before = times
      for (let at = 0; at < count; at += 1) await (await ask(`${gate.url}${path}`)).text()
      return times - before
    }
    try {
      expect(await asked('/a', 5)).toBe(5)
      expect(await gate.json('GET', '/v1/cache')).toMatchObject({ hit: 0, entries: 0, bytes: 0 })
      expect((await gate.call('POST', '/v1/cache/purge', { kind: 'all' })).status).toBe(200)
      const report = await (await fetch(`${gate.admin}/performance`)).json()
      expect(report).toMatchObject({ prefetch: { fetched: 0, hitRatio: null } })
      writeConfig(gate.folder, config(true))
      await gate.json('POST', '/v1/config/reload')
      expect(await asked('/b', 20)).toBeLessThanOrEqual(2)
      const stats = await gate.json('GET', '/v1/cache')
      expect(Number(stats['hit'])).toBeGreaterThanOrEqual(18)
      writeConfig(gate.folder, config(false))
      await gate.json('POST', '/v1/config/reload')
      expect(await asked('/b', 5)).toBe(5)
    } finally {
      await gate.stop()
      removeFolder(gate.folder)
    }
  })
})
