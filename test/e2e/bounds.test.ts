import { expect, test } from 'bun:test'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'
import { startHoldingUpstream } from '../../src/server/holding-upstream.fixture.ts'

/** Work that strangers can cause has a bound. */

test('beyond requestsMax in flight, requests are answered 503 at once; the others finish', async () => {
  const upstream = startHoldingUpstream()
  const gate = await startGateProcess(
    makeFolder(`
listen: { address: '127.0.0.1:0', requestsMax: 3 }
admin: { address: '127.0.0.1:0' }
defaults: { limits: [] }
upstreams:
  slow: { targets: ['${upstream.url}'] }
routes:
  - { id: slow, path: /slow, credentials: [anonymous], upstream: slow }
  - { id: hello, path: /hello, credentials: [anonymous], respond: { body: ok } }
`),
  )
  const slow = [0, 1, 2].map(() => fetch(`${gate.url}/slow?hold`))
  await until(async () => upstream.held() === 3)
  const refused = await fetch(`${gate.url}/hello`)
  expect(refused.status).toBe(503)
  expect(refused.headers.get('content-type')).toBe('application/problem+json')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  const metrics = await (await fetch(`${gate.admin}/metrics`)).text()
  expect(metrics).toContain('\ntollgate_http_server_turned_away_total 1\n')
  expect(metrics).toContain('\ntollgate_http_server_requests_in_flight 3\n')
  upstream.release()
  const answers = await Promise.all(slow)
  const bodies = await Promise.all(answers.map(async (each) => each.text()))
  expect(bodies).toEqual(['whole', 'whole', 'whole'])
  expect((await fetch(`${gate.url}/hello`)).status).toBe(200)
  expect(await gate.stop()).toBe(0)
  removeFolder(gate.folder)
  await upstream.stop()
})
