import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemo } from '../../test/demo.fixture.ts'
import { createRandom } from '../core/index.ts'
import { failures, loadOn } from '../load/load.fixture.ts'
import { openScenario, resolveScenario } from '../scenario/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import type { SyntheticServer } from '../synthetic/index.ts'

const HELPERS = new Set(['read-scene.ts', 'subject.ts', 'scenarios.test.ts'])
// A thousand keys take a while to make.
const FEW_KEYS = { LAB_KEYS: '50' }

const files = readdirSync(import.meta.dir).filter((file) => !HELPERS.has(file))

async function run(
  file: string,
  target: string,
  environment: Record<string, string> = FEW_KEYS,
  level = 80,
  durationMs = 500,
) {
  const { scenario } = await openScenario(join(import.meta.dir, file))
  const data = await resolveScenario(scenario, {
    target,
    environment,
    random: createRandom(1),
    readJson: async (path) => JSON.parse(await readFile(path, 'utf8')) as unknown,
  })
  return loadOn(target, { scenario: data, level, durationMs })
}

describe('reference scenarios', () => {
  test('all that the lab promises are there', () => {
    const names = files.map((file) => file.replace('.ts', '')).toSorted()
    const promised =
      'authorization burst gradual high keys low medium soak steady store-recall stress webhook'
    expect(names.join(' ')).toBe(promised)
  })
})

describe('on the synthetic server', () => {
  let server: SyntheticServer
  beforeAll(async () => {
    server = await startSyntheticServer()
  })
  afterAll(async () => server.stop())

  for (const file of files) {
    test(`${file}: every request is answered as it must be`, async () => {
      const result = await run(file, server.url)
      expect(result.failures).toEqual({})
      expect(result.sent).toBeGreaterThan(10)
    }, 20_000)
  }

  test('who asks for more than they may is refused, and that is as it must be', async () => {
    // A hundred requests of ten greedy callers, each of whom gets one a second.
    const result = await run('store-recall.ts', server.url, {}, 1000, 1000)
    expect(result.statuses['429']).toBeGreaterThan(0)
    expect(failures(result)).toBe(0)
  }, 20_000)
})

describe("on the gate's examples", () => {
  let folder: string
  let demo: Awaited<ReturnType<typeof startDemo>>
  let gate: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-lab-'))
    demo = await startDemo(folder)
    const told = JSON.parse(await readFile(join(folder, '.tollgate/demo.json'), 'utf8')) as {
      readonly gate: string
    }
    gate = new URL(told.gate).origin
  }, 30_000)
  afterAll(async () => {
    await demo.stop()
    await rm(folder, { recursive: true, force: true })
  })

  for (const file of ['low.ts', 'keys.ts', 'authorization.ts', 'webhook.ts', 'store-recall.ts']) {
    test(`${file}: every request is answered as it must be`, async () => {
      const environment = { TOLLGATE_DEMO: join(folder, '.tollgate/demo.json'), ...FEW_KEYS }
      const result = await run(file, gate, environment, 40, 1000)
      expect(result.failures).toEqual({})
      if (file === 'store-recall.ts') expect(result.statuses['201']).toBeGreaterThan(3)
      if (file === 'authorization.ts') expect(result.requests[1]!.succeeded).toBeGreaterThan(3)
    }, 60_000)
  }
})
