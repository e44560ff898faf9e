import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'
import { startHoldingUpstream } from '../../src/server/holding-upstream.fixture.ts'

/** A place within a concurrency limit is held until the last byte of the answer has passed. */

const upstream = startHoldingUpstream()

let gate: GateProcess
beforeAll(async () => {
  gate = await startGateProcess(
    makeFolder(`
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
limits:
  one: { kind: concurrency, limit: 1, by: address }
defaults: { limits: [one] }
upstreams:
  app: { targets: ['${upstream.url}'] }
routes:
  - { id: app, path: '/{rest...}', credentials: [anonymous], upstream: app }
`),
  )
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
  await upstream.stop()
})

const status = async (): Promise<number> => {
  const answer = await fetch(`${gate.url}/whole`)
  await answer.text()
  return answer.status
}

test('a streamed answer counts as in flight until its body ends', async () => {
  const streamed = await fetch(`${gate.url}/stream?hold`)
  expect(streamed.status).toBe(200)
  expect(await status()).toBe(429)
  upstream.release()
  expect(await streamed.text()).toBe('first last')
  await until(async () => (await status()) === 200)
})

test('a client that goes away in the middle gives its place back', async () => {
  const abort = new AbortController()
  const streamed = await fetch(`${gate.url}/stream?hold`, { signal: abort.signal })
  expect(streamed.status).toBe(200)
  expect(await status()).toBe(429)
  abort.abort()
  await until(async () => (await status()) === 200)
})

test('answers that are complete at once give theirs back at once', async () => {
  for (let time = 0; time < 5; time += 1) expect(await status()).toBe(200)
})
