import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quietWorld } from '../../core/world.fixture.ts'
import type { SyntheticServer } from '../../synthetic/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import { loadExperiment } from './index.ts'
import { LOAD_OPTIONS } from './load-options.fixture.ts'

let server: SyntheticServer
let folder: string
beforeAll(async () => {
  server = await startSyntheticServer({ errorShare: 0.5 })
  folder = await mkdtemp(join(tmpdir(), 'tollgate-lab-'))
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

describe('a load run', () => {
  test('ends once a threshold has failed through the grace period, and has failed', async () => {
    const options = {
      ...LOAD_OPTIONS,
      target: `${server.url}/errors`,
      level: 300,
      durationMs: 60_000,
      warmUpMs: 0,
      thresholds: ['error_rate<1%'],
      abortAfterMs: 600,
    }
    const startMs = performance.now()
    const raw = await loadExperiment.measure(options, quietWorld())
    expect(performance.now() - startMs).toBeLessThan(30_000)
    expect(raw.result.aborted).toBe('error_rate<1% failed for 0.6 s')
    expect(loadExperiment.analyze(options, raw, 1).judgement.verdict).not.toBe('pass')
  }, 40_000)

  test('is not ended for what its warm-up saw', async () => {
    let answered = 0
    const cold = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => new Response(null, { status: (answered += 1) <= 60 ? 500 : 204 }),
    })
    try {
      const raw = await loadExperiment.measure(
        {
          ...LOAD_OPTIONS,
          target: cold.url.href,
          level: 300,
          arrivals: 'constant',
          durationMs: 3000,
          warmUpMs: 1000,
          thresholds: ['error_rate<1%'],
          abortAfterMs: 600,
        },
        quietWorld(),
      )
      expect([raw.result.aborted, raw.result.failures]).toEqual([null, {}])
      expect(raw.result.windows.some(({ failed }) => failed > 0)).toBe(true)
    } finally {
      await cold.stop(true)
    }
  }, 40_000)

  test('takes from the scenario what the command line leaves open', async () => {
    const path = join(folder, 'scenario.ts')
    await writeFile(
      path,
      `export default {
        name: 'own',
        load: { users: 3, durationMs: 800, think: { kind: 'constant', ms: 20 }, thresholds: ['max<10s'] },
        requests: { hello: { path: '/' } },
      }`,
    )
    const options = { ...LOAD_OPTIONS, target: server.url, scenario: path, headers: { 'x-a': 'b' } }
    const raw = await loadExperiment.measure(options, quietWorld())
    expect(raw.scenario).toBe('own')
    expect(raw.thresholds).toEqual(['max<10s'])
    expect([raw.result.users, raw.result.durationMs, raw.result.warmUpMs]).toEqual([3, 800, 80])
    expect(raw.result.thinkMs).toBe(20)
  }, 20_000)

  test('a threshold on a request that the scenario does not have is refused before anything is sent', async () => {
    const options = { ...LOAD_OPTIONS, target: server.url, thresholds: ['p50{nobody}<1s'] }
    const refusal = loadExperiment.measure(options, quietWorld())
    expect(String(await refusal.catch((error: unknown) => error))).toContain(
      'there is no request "nobody", but request',
    )
  })

  test('another machine is refused before anything is sent', () => {
    const options = { ...LOAD_OPTIONS, target: 'http://192.0.2.1/' }
    expect(loadExperiment.measure(options, quietWorld())).rejects.toThrow('--allow-remote')
  })
})
