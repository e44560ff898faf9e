import { afterEach, describe, expect, test } from 'bun:test'
import { quietWorld } from '../../core/world.fixture.ts'
import type { SyntheticCacheOptions, SyntheticServer } from '../../synthetic/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import type { CacheOptions } from './options.ts'
import { cacheExperiment } from './index.ts'

let server: SyntheticServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

const CACHE: SyntheticCacheOptions = {
  entriesMax: 120,
  ttlMs: 60_000,
  originMs: 3,
  coalesces: true,
  isolatesCallers: true,
  header: 'cache-status',
}

async function run(cache: Partial<SyntheticCacheOptions>, changes: Partial<CacheOptions> = {}) {
  server = await startSyntheticServer({ cache: { ...CACHE, ...cache } })
  const options: CacheOptions = {
    target: `${server.url}/cache/{key}`,
    allowRemote: false,
    insecure: false,
    headers: {},
    popularity: 'hot',
    exponent: 1,
    keys: 100,
    thrashKeys: 300,
    rate: 400,
    phaseMs: 600,
    timeoutMs: 5000,
    stampede: { requests: 20, rounds: 3 },
    originCounter: { url: `${server.url}/stats`, pointer: '/originFetches' },
    callers: { headers: { first: 'Bearer a', second: 'Bearer b' } },
    bodyNamesKey: true,
    hitRatioMin: null,
    stampedeMax: null,
    ...changes,
  }
  const raw = await cacheExperiment.measure(options, quietWorld())
  const outcome = cacheExperiment.analyze(options, raw, 1)
  const figure = (name: string) => outcome.figures.find((each) => each.name === name)!.value
  return { ...outcome, figure, raw }
}

describe('a cache whose every decision is known', () => {
  test('all misses cold, all hits warm, none when an LRU cycle does not fit, one origin request for a stampede', async () => {
    const { judgement, figure } = await run({}, { hitRatioMin: 0.95, stampedeMax: 1 })
    expect(judgement.verdict).toBe('pass')
    expect(figure('hit-ratio.cold')).toBe(0)
    expect(figure('hit-ratio.warm')).toBe(1)
    expect(figure('hit-ratio.thrash')).toBe(0)
    expect(figure('stampede.origin')).toBe(1)
    expect(figure('origin.cold')).toBe(100)
  }, 30_000)

  test('half the keys do not fit: the hit ratio is between, and a demand for 95 % fails', async () => {
    const { judgement, figure } = await run({ entriesMax: 30 }, { hitRatioMin: 0.95 })
    expect(judgement.verdict).toBe('fail')
    expect(figure('hit-ratio.warm')!).toBeGreaterThan(0.4)
    expect(figure('hit-ratio.warm')!).toBeLessThan(0.95)
  }, 30_000)

  test('a cache that lets a stampede through is caught', async () => {
    const { judgement, figure } = await run({ coalesces: false }, { stampedeMax: 1 })
    expect(judgement.verdict).toBe('fail')
    expect(figure('stampede.origin')!).toBeGreaterThan(10)
  }, 30_000)

  test('a cache that hands one caller what belongs to another fails, whatever its hit ratio', async () => {
    const { judgement } = await run({ isolatesCallers: false }, { hitRatioMin: 0.9 })
    expect(judgement.verdict).toBe('fail')
    expect(judgement.reason).toContain('not kept apart')
  }, 30_000)

  test('a server that says nothing leaves the question open, however fast its hits are', async () => {
    const { judgement, figure } = await run({ header: 'none', originMs: 40 }, { callers: null })
    expect(judgement.verdict).toBe('inconclusive')
    expect(judgement.reason).toContain('does not say')
    expect(figure('hit-ratio.warm')).toBeNull()
  }, 30_000)

  test('X-Cache is understood as well', async () => {
    const { figure } = await run({ header: 'x-cache' }, { popularity: 'zipf' })
    expect(figure('hit-ratio.warm')).toBe(1)
  }, 30_000)
})
