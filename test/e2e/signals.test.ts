import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  makeKey,
  removeFolder,
  startGateProcess,
} from '../../src/server/gate-process.fixture.ts'

/** What the gate tells of itself. */

const CONFIG = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
signals: { layerTimingOneIn: 1 }
limits:
  five: { kind: bucket, limit: 5, window: 1h, by: key }
defaults: { limits: [five] }
routes:
  - { id: hello, path: '/hello/{name}', permission: greeting:read, respond: { body: ok } }
`

let gate: GateProcess
beforeAll(async () => {
  gate = await startGateProcess(makeFolder(CONFIG))
  const { secret } = await makeKey(gate, 'acme', { permissions: ['greeting:read'] })
  const headers = { authorization: `Bearer ${secret}` }
  for (let at = 0; at < 7; at += 1) await fetch(`${gate.url}/hello/${at}`, { headers })
  await fetch(`${gate.url}/hello/x`)
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
})

describe('signals', () => {
  test('/health and /ready are on the gate and on the admin address', async () => {
    for (const base of [gate.url, gate.admin]) {
      const health = await fetch(`${base}/health`)
      expect([health.status, ((await health.json()) as { status: string }).status]).toEqual([
        200,
        'ok',
      ])
      const ready = (await (await fetch(`${base}/ready`)).json()) as {
        ready: boolean
        checks: { name: string }[]
      }
      expect(ready.ready).toBe(true)
      expect(ready.checks.map(({ name }) => name).toSorted()).toEqual([
        'audit',
        'counters',
        'policies',
        'records',
      ])
    }
  })

  test('/metrics and /performance are not shown to strangers unless asked for', async () => {
    expect((await fetch(`${gate.url}/metrics`)).status).toBe(404)
    expect((await fetch(`${gate.url}/performance`)).status).toBe(404)
  })

  test('/metrics and /performance are not told to a page that has bound its name to this address', async () => {
    const statusOf = async (path: string, host: string): Promise<number> =>
      (await fetch(`${gate.admin}${path}`, { headers: { host } })).status
    const port = new URL(gate.admin).port
    for (const path of ['/metrics', '/performance']) {
      for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example']) {
        expect([path, host, await statusOf(path, host)]).toEqual([path, host, 400])
      }
      for (const host of [`localhost:${port}`, '10.0.0.7:9090', '[2001:db8::1]:9090']) {
        expect([path, host, await statusOf(path, host)]).toEqual([path, host, 200])
      }
    }
    // Whether there is service is told by every name: those who ask are load balancers.
    expect(await statusOf('/health', 'tollgate.internal')).toBe(200)
    expect(await statusOf('/ready', 'tollgate.internal')).toBe(200)
  })

  test('/metrics counts what happened, one series a route however many paths', async () => {
    const answer = await fetch(`${gate.admin}/metrics`)
    expect(answer.headers.get('content-type')).toStartWith('text/plain; version=0.0.4')
    const text = await answer.text()
    expect(text).toContain('tollgate_limit_rejections_total{limit="five"} 2')
    expect(text).toMatch(/tollgate_decisions_total\{layer="identify",outcome="pass"\} 7/)
    expect(text).toMatch(/tollgate_decisions_total\{layer="identify",outcome="refuse"\} 1/)
    expect(text).toContain('route="/hello/{name}"')
    expect(text).not.toContain('/hello/3')
  })

  test.skipIf(Bun.which('promtool') === null)('/metrics passes promtool', async () => {
    const text = await (await fetch(`${gate.admin}/metrics`)).text()
    const said = execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    expect(said).toBe('')
  })

  test('/performance tells each layer’s time, decisions, memory and the event loop', async () => {
    const report = (await (await fetch(`${gate.admin}/performance`)).json()) as {
      layers: { layer: string; samples: number; p50Ns: number; p99Ns: number }[]
      authentication: { accepted: number; refused: number }
      memory: { rssBytes: number }
      eventLoop: { p99Ms: number }
      limits: { limit: string; count: number }[]
    }
    const identify = report.layers.find(({ layer }) => layer === 'identify')
    expect(identify?.samples).toBe(8)
    expect(identify?.p99Ns).toBeGreaterThanOrEqual(identify?.p50Ns ?? Infinity)
    expect(report.authentication).toMatchObject({ accepted: 7, refused: 1 })
    expect(report.limits).toEqual([{ limit: 'five', count: 2 }])
    expect(report.memory.rssBytes).toBeGreaterThan(1e6)
    expect(report.eventLoop.p99Ms).toBeGreaterThanOrEqual(0)
  })
})
