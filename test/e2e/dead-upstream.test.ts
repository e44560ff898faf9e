import { expect, setDefaultTimeout, test } from 'bun:test'
import { until } from '../../src/server/gate-process.fixture.ts'
import { HEAD, playOrigin, stageGate } from './staged-gate.fixture.ts'

/** An upstream that takes requests and never answers: what is stored stands in, and hardly anybody waits. */

setDefaultTimeout(60_000)

let isAlive = true
let held = 0

const origin = playOrigin(async () => {
  if (!isAlive) {
    held += 1
    await new Promise(() => undefined)
  }
  // The Date of Bun.serve is up to two seconds behind, and counts as age: some come fresh all the same.
  return new Response('content', { headers: { 'cache-control': 'max-age=2' } })
})
const gate = await stageGate(
  origin,
  `${HEAD}
upstreams:
  app: { targets: ['${origin.url}'], timeouts: { firstByte: 300ms }, retries: { attempts: 0 } }
routes:
  - { id: r, path: '/{rest...}', upstream: app, credentials: [anonymous], cache: { staleIfDown: 1h } }
`,
)

const get = async (): Promise<string> => {
  const answer = await fetch(`${gate.url}/a`)
  return `${answer.status} ${await answer.text()} ${answer.headers.get('cache-status') ?? ''}`
}

test('one request waits for it, a hundred do not, and it is asked again now and then', async () => {
  // This process may have no turn for as long as the first byte may take.
  await until(async () => (await get()).includes('200 content'))
  isAlive = false
  const deadMs = performance.now()
  await until(async () => (await get()).includes('stale-if-error'))
  expect(held).toBe(1)
  for (let at = 0; at < 100; at += 1) {
    expect(await get()).toMatch(/^200 content .*hit; ttl=-?\d+; detail=stale-if-error/)
  }
  // Each of them would have been held, had it asked. Tries come after a second, two more, four more, and so on.
  const deadS = (performance.now() - deadMs) / 1000
  expect(held).toBeLessThanOrEqual(1 + Math.floor(Math.log2(deadS + 1)))
  isAlive = true
  await until(async () => {
    const answer = await get()
    return answer.includes('hit') && !answer.includes('stale')
  })
})
