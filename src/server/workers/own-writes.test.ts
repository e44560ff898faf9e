import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { GateProcess } from '../gate-process.fixture.ts'
import { ask, makeFolder, removeFolder, startGateProcess } from '../gate-process.fixture.ts'
import { childrenOf } from '../turns.fixture.ts'

/** Who changed something finds it changed, whichever worker answers. */

const ROUNDS = 40
const READERS = 12

let version = 0
const origin = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request) {
    if (request.method === 'PUT') version += 1
    return new Response(String(version), { headers: { 'cache-control': 'max-age=600' } })
  },
})

let gate: GateProcess
beforeAll(async () => {
  const config = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
defaults: { limits: [] }
upstreams: { origin: { targets: ['${origin.url.origin}'] } }
routes:
  - { id: thing, path: /thing, methods: [GET, PUT], credentials: [anonymous], upstream: origin, cache: { scope: shared } }
`
  gate = await startGateProcess(makeFolder(config), ['--workers', '2'])
})
afterAll(async () => {
  await gate.stop()
  await origin.stop(true)
  removeFolder(gate.folder)
})

const read = async (): Promise<string> => (await ask(`${gate.url}/thing`)).text()

/** What differs among the answers on as many connections, so that both workers are asked. */
const readMany = async (): Promise<string[]> => [
  ...new Set(await Promise.all(Array.from({ length: READERS }, read))),
]

async function change(): Promise<void> {
  const answer = await ask(`${gate.url}/thing`, { method: 'PUT' })
  if (!answer.ok) throw new Error(`the change was refused with ${answer.status}`)
  await answer.text()
}

/** Changes that the other worker had not confirmed before they were answered. */
async function unconfirmed(): Promise<number> {
  const text = await (await fetch(`${gate.admin}/metrics`)).text()
  return Number(/^tollgate_responses_unconfirmed_total (\d+)$/m.exec(text)?.[1])
}

/** A worker that the machine gave no turn for too long has not confirmed, which is counted: then nothing is promised. */
const judged = async (outdated: readonly string[]): Promise<readonly string[]> =>
  (await unconfirmed()) === 0 ? outdated : []

describe('two workers that store responses', () => {
  test('answer nobody with what a change made void, once the change is answered', async () => {
    const outdated: string[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      await readMany()
      await change()
      const now = String(version)
      outdated.push(...(await readMany()).filter((text) => text !== now))
    }
    expect(await judged(outdated)).toEqual([])
  }, 30_000)

  test('nor with what a purge did', async () => {
    const outdated: string[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      await readMany()
      version += 1
      await gate.json('POST', '/v1/cache/purge', { kind: 'all' })
      const now = String(version)
      outdated.push(...(await readMany()).filter((text) => text !== now))
    }
    expect(await judged(outdated)).toEqual([])
  }, 30_000)

  test('are answered while a worker hangs, and that is counted and logged', async () => {
    const before = await unconfirmed()
    const [, hung] = childrenOf(gate.pid)
    process.kill(hung!, 'SIGSTOP')
    try {
      // Connections that the stopped one has accepted are answered by nobody.
      const changes = Array.from({ length: 24 }, change)
      await Promise.any(changes)
      await Promise.race([Promise.all(changes), Bun.sleep(300)])
    } finally {
      process.kill(hung!, 'SIGCONT')
    }
    expect(await unconfirmed()).toBeGreaterThan(before)
    expect(gate.said()).toContain('an invalidation was not confirmed in time')
  }, 30_000)
})
