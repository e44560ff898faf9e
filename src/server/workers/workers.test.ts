import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GateProcess } from '../gate-process.fixture.ts'
import {
  ask,
  makeFolder,
  makeKey,
  removeFolder,
  runTollgate,
  startGateProcess,
  until,
  writeConfig,
} from '../gate-process.fixture.ts'
import { startHoldingUpstream } from '../holding-upstream.fixture.ts'
import { childrenOf, isRunning, untilGates } from '../turns.fixture.ts'

/** Several worker processes behind one address behave as one gate. */

const upstream = startHoldingUpstream()

const config = (greeting: string): string => `
listen: { address: '127.0.0.1:0', drainTimeout: 1m }
admin: { address: '127.0.0.1:0' }
signals: { expose: [health, ready, metrics, performance] }
bans: { enabled: false }
limits:
  hundred: { kind: bucket, limit: 100, window: 1h, by: address }
  two: { kind: concurrency, limit: 2, by: address }
defaults: { limits: [] }
upstreams:
  slow: { targets: ['${upstream.url}'] }
routes:
  - { id: open, path: /open, credentials: [anonymous], respond: { body: ${greeting} } }
  - { id: limited, path: /limited, credentials: [anonymous], limits: [hundred], respond: { body: yes } }
  - { id: keyed, path: /keyed, respond: { body: yes } }
  - { id: slow, path: /slow, credentials: [anonymous], upstream: slow }
  - { id: held, path: /held, credentials: [anonymous], limits: [two], upstream: slow }
`

afterAll(() => upstream.stop())

async function audited(folder: string): Promise<{ route?: string; kind: string }[]> {
  const ledger = join(folder, '.tollgate/ledger')
  const files = readdirSync(ledger).filter((name) => name.endsWith('.log'))
  return files.flatMap((name) =>
    readFileSync(join(ledger, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { route?: string; kind: string }),
  )
}

describe('two workers', () => {
  let gate: GateProcess
  beforeAll(async () => {
    gate = await startGateProcess(makeFolder(config('one')), ['--workers', '2'])
  })
  afterAll(async () => {
    await gate.stop()
    removeFolder(gate.folder)
  })

  test('admit exactly 100 of 500 requests at once against a limit of 100', async () => {
    const all = Array.from({ length: 500 }, async () => (await ask(`${gate.url}/limited`)).status)
    const statuses = await Promise.all(all)
    const count = (status: number): number => statuses.filter((each) => each === status).length
    expect([count(200), count(429)]).toEqual([100, 400])
  }, 30_000)

  test('refuse a revoked key within a second, whichever is asked', async () => {
    const { id, secret } = await makeKey(gate, 'acme', {})
    const askMany = async (): Promise<Set<number>> => {
      const headers = { authorization: `Bearer ${secret}` }
      const all = Array.from(
        { length: 24 },
        async () => (await ask(`${gate.url}/keyed`, { headers })).status,
      )
      return new Set(await Promise.all(all))
    }
    expect(await askMany()).toEqual(new Set([200]))
    await gate.json('POST', `/v1/tenants/acme/keys/${id}/revoke`)
    const acceptedForMs = await untilGates([gate.pid], async () => {
      const statuses = await askMany()
      return statuses.size === 1 && statuses.has(401)
    })
    expect(acceptedForMs).toBeLessThan(1000)
    expect(await askMany()).toEqual(new Set([401]))
  }, 20_000)

  test('take a reload as one', async () => {
    writeConfig(gate.folder, config('two'))
    await gate.json('POST', '/v1/config/reload')
    const bodies = await Promise.all(
      Array.from({ length: 40 }, async () => (await ask(`${gate.url}/open`)).text()),
    )
    expect(new Set(bodies)).toEqual(new Set(['two']))
    writeConfig(gate.folder, 'routes: [ {')
    const refused = await gate.call('POST', '/v1/config/reload')
    expect(refused.ok).toBe(false)
    expect(await (await ask(`${gate.url}/open`)).text()).toBe('two')
    writeConfig(gate.folder, config('two'))
  }, 20_000)

  test('show their figures as one', async () => {
    const read = async (): Promise<number> => {
      const text = await (await fetch(`${gate.admin}/metrics`)).text()
      const lines = text
        .split('\n')
        .filter((line) => /requests?_.*count\{.*route="\/open"/.test(line))
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
    }
    const before = await read()
    await Promise.all(Array.from({ length: 60 }, async () => ask(`${gate.url}/open`)))
    expect((await read()) - before).toBe(60)
    const performance = (await (await fetch(`${gate.admin}/performance`)).json()) as {
      routes: { route: string; requests: number }[]
    }
    const shown = performance.routes.find(({ route }) => route === '/open')
    expect(shown?.requests).toBe(before + 60)
    // Asked of the gate's own address, any worker tells the same.
    const own = (await (await ask(`${gate.url}/performance`)).json()) as typeof performance
    expect(own.routes.find(({ route }) => route === '/open')?.requests).toBe(before + 60)
  }, 20_000)

  test('killed with -9, one is replaced, gives back what it held, and no count falls', async () => {
    const held = Array.from({ length: 2 }, async () =>
      ask(`${gate.url}/held?hold`).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    await until(async () => upstream.held() === 2)
    expect((await ask(`${gate.url}/held`)).status).toBe(429)
    const total = async (): Promise<number> => {
      const text = await (await fetch(`${gate.admin}/metrics`)).text()
      const lines = text.split('\n').filter((line) => line.startsWith('tollgate_decisions_total{'))
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
    }
    const before = await total()
    const old = childrenOf(gate.pid)
    expect(old).toHaveLength(2)
    // One after the other, so that the gate answers throughout.
    for (const [index, pid] of old.entries()) {
      process.kill(pid, 'SIGKILL')
      await gate.says(new RegExp(`(serves again[^]*){${index + 1}}`))
      expect(childrenOf(gate.pid)).not.toContain(pid)
      const answers = Array.from({ length: 20 }, async () => (await ask(`${gate.url}/open`)).status)
      expect(new Set(await Promise.all(answers))).toEqual(new Set([200]))
    }
    expect(new Set(await Promise.all(held))).toEqual(new Set([0]))
    expect((await ask(`${gate.url}/held`)).status).toBe(200)
    expect(await total()).toBeGreaterThanOrEqual(before)
    expect(await (await ask(`${gate.url}/open`)).text()).toBe('two')
    expect(gate.said()).toContain('another takes its place')
  }, 60_000)
})

describe('a worker that does not answer any more', () => {
  test('is ended and replaced', async () => {
    const gate = await startGateProcess(makeFolder(config('one')), ['--workers', '2'])
    const [stuck = 0] = childrenOf(gate.pid)
    process.kill(stuck, 'SIGSTOP')
    await gate.says(/serves again/)
    expect(gate.said()).toContain('does not answer any more')
    expect(isRunning(stuck)).toBe(false)
    const answers = Array.from({ length: 20 }, async () => (await ask(`${gate.url}/open`)).status)
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]))
    expect(await gate.stop()).toBe(0)
    removeFolder(gate.folder)
  }, 40_000)
})

describe('stopping', () => {
  test('finishes requests in flight, and the audit log has every request exactly once', async () => {
    const gate = await startGateProcess(makeFolder(config('one')), ['--workers', '2'])
    const statuses = await Promise.all(
      Array.from({ length: 777 }, async () => (await ask(`${gate.url}/open`)).status),
    )
    expect(new Set(statuses)).toEqual(new Set([200]))
    const slow = Array.from({ length: 10 }, async () => (await ask(`${gate.url}/slow?hold`)).status)
    await until(async () => {
      const upstreams = (await gate.json('GET', '/v1/upstreams'))['data'] as { inFlight: number }[]
      return upstreams[0]?.inFlight === 10
    })
    const stopped = gate.stop()
    await gate.says(/"stopping"/)
    upstream.release()
    expect(new Set(await Promise.all(slow))).toEqual(new Set([200]))
    expect(await stopped).toBe(0)
    const records = await audited(gate.folder)
    expect(records.filter(({ route }) => route === '/open')).toHaveLength(777)
    expect(records.filter(({ route }) => route === '/slow')).toHaveLength(10)
    expect(records.filter(({ kind }) => kind === 'gap')).toEqual([])
    const verify = runTollgate(gate.folder, ['audit', 'verify', '--data', '.tollgate'])
    expect([await verify.exited, verify.said()]).toEqual([0, expect.any(String)])
    removeFolder(gate.folder)
  }, 60_000)

  test('workers end at once when the primary is gone', async () => {
    const gate = await startGateProcess(makeFolder(config('one')), ['--workers', '3'])
    const workers = childrenOf(gate.pid)
    expect(workers).toHaveLength(3)
    gate.kill('SIGKILL')
    await gate.exited
    await until(() => workers.every((pid) => !isRunning(pid)), 'the end of the workers')
    removeFolder(gate.folder)
  }, 20_000)
})

describe('starting', () => {
  test('a taken port ends with 5, a clear message and nothing made', async () => {
    const taken = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      reusePort: true,
      fetch: () => new Response(),
    })
    const folder = makeFolder(config('one').replace(':0', `:${taken.port}`))
    const run = runTollgate(folder, ['serve', 'tollgate.yaml', '--workers', '2'])
    expect(await run.exited).toBe(5)
    expect(run.said()).toContain(`127.0.0.1:${taken.port} is already in use`)
    expect(readdirSync(folder)).toEqual(['tollgate.yaml'])
    await taken.stop(true)
    removeFolder(folder)
  }, 20_000)
})
