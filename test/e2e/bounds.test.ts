import { expect, test } from 'bun:test'
import { request } from 'node:http'
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

test('bodies beyond bodiesHeldMax are answered 503, and counted; a body that ends gives its room back', async () => {
  const gate = await startGateProcess(
    makeFolder(`
listen: { address: '127.0.0.1:0', bodiesHeldMax: 1MiB }
admin: { address: '127.0.0.1:0' }
defaults: { limits: [] }
routes:
  - { id: notes, path: /notes, methods: [POST], credentials: [anonymous], request: { body: { type: object } }, respond: { body: ok } }
`),
  )
  const metric = async (name: string): Promise<number> => {
    const metrics = await (await fetch(`${gate.admin}/metrics`)).text()
    return Number(new RegExp(`^tollgate_http_server_${name} (\\S+)$`, 'm').exec(metrics)?.[1])
  }
  const note = JSON.stringify({ text: 'x'.repeat(700_000) })
  const send = async (body: string): Promise<Response> =>
    fetch(`${gate.url}/notes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body,
    })
  const slow = request(`${gate.url}/notes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': note.length },
  })
  slow.on('error', () => {})
  slow.write(note.slice(0, -1))
  await until(async () => (await metric('bodies_held_bytes')) === note.length - 1)
  const refused = await send(note)
  expect(refused.status).toBe(503)
  expect(refused.headers.get('content-type')).toBe('application/problem+json')
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await metric('bodies_refused_total')).toBe(1)
  expect((await send('{}')).status).toBe(200)
  slow.destroy()
  await until(async () => (await metric('bodies_held_bytes')) === 0)
  expect((await send(note)).status).toBe(200)
  expect(await gate.stop()).toBe(0)
  removeFolder(gate.folder)
})
