import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'

/** An upstream that takes requests and never answers: what is stored stands in, and hardly anybody waits. */

setDefaultTimeout(60_000)

let isAlive = true
let held = 0
let origin: ReturnType<typeof Bun.serve>
let gate: GateProcess

beforeAll(async () => {
  origin = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch() {
      if (!isAlive) {
        held += 1
        await new Promise(() => undefined)
      }
      // The Date of Bun.serve is up to two seconds behind, and counts as age: some come fresh all the same.
      return new Response('content', { headers: { 'cache-control': 'max-age=2' } })
    },
  })
  gate = await startGateProcess(
    makeFolder(`
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
defaults: { limits: [] }
upstreams:
  app: { targets: ['${origin.url.origin}'], timeouts: { firstByte: 300ms }, retries: { attempts: 0 } }
routes:
  - { id: r, path: '/{rest...}', upstream: app, credentials: [anonymous], cache: { staleIfDown: 1h } }
`),
  )
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
  await origin.stop(true)
})

const get = async (): Promise<string> => {
  const answer = await fetch(`${gate.url}/a`)
  return `${answer.status} ${await answer.text()} ${answer.headers.get('cache-status') ?? ''}`
}

test('one request waits for it, a hundred do not, and it is asked again now and then', async () => {
  expect(await get()).toContain('200 content')
  isAlive = false
  await until(async () => (await get()).includes('stale-if-error'))
  expect(held).toBe(1)
  for (let at = 0; at < 100; at += 1) {
    expect(await get()).toMatch(/^200 content .*hit; ttl=-?\d+; detail=stale-if-error/)
  }
  // Each of them would have been held, had it asked.
  expect(held).toBeLessThanOrEqual(3)
  isAlive = true
  await until(async () => {
    const answer = await get()
    return answer.includes('hit') && !answer.includes('stale')
  }, 20_000)
})
