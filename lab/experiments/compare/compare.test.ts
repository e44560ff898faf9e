import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Random, World } from '../../core/index.ts'
import { createRandom, RECORD_FORMAT } from '../../core/index.ts'
import { createHistogram } from '../../histogram/index.ts'
import { readFingerprint } from '../../machine/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import { differencesOf, isRegression } from './differences.ts'
import { compareExperiment, readBaseline } from './index.ts'
import type { CompareOptions, CompareRaw, CompareRun, PairRaw, SideRaw } from './raw.ts'

const request = { url: 'http://127.0.0.1:1/', method: 'GET', headers: {}, body: null, status: 200 }

const OPTIONS: CompareOptions = {
  baseline: { kind: 'interleaved', request },
  request,
  allowRemote: false,
  connections: 4,
  sliceMs: 15,
  blocks: 20,
  budget: 0.05,
}

/** A side whose requests cost `factor` of the usual, with noise between blocks. */
function side(factor: number, noise: number, random: Random): SideRaw {
  const slice = () => {
    const cpuNs = 10_000 * factor * Math.exp(noise * random.normal())
    const requests = Math.round(20_000 / factor / Math.exp(noise * random.normal()))
    return { requests, failed: 0, seconds: 0.2, cpuNs: cpuNs * requests, foreignCores: 0 }
  }
  const times = createHistogram()
  const level = factor * Math.exp(noise * random.normal())
  // The quantiles of an exponential distribution, without its chance.
  for (let at = 0; at < 1200; at += 1)
    times.record(200 * level * (1 - Math.log1p(-(at + 0.5) / 1200)))
  return { slices: [slice(), slice()], times: times.toJSON(), unanswered: 0 }
}

function pairs(factor: number, seed: number, { noise = 0.04, blocks = 20 } = {}): CompareRun {
  const random = createRandom(seed)
  const pair = (kind: PairRaw['kind']): PairRaw => ({
    kind,
    base: side(1, noise, random),
    other: side(kind === 'candidate' ? factor : 1, noise, random),
  })
  const all = Array.from({ length: blocks }, () => [pair('candidate'), pair('baseline')]).flat()
  return { pairs: all, blocks: [] }
}

const rawOf = (...runs: readonly CompareRun[]): CompareRaw => ({
  runs,
  rate: 1000,
  differences: [],
})
const judge = (raw: CompareRaw, options = OPTIONS) =>
  compareExperiment.analyze(options, raw, 1).judgement

describe('an interleaved baseline', () => {
  test('a server that is 20 % slower fails when a second run says so too, and only then', () => {
    const confirmed = judge(rawOf(pairs(1.2, 1), pairs(1.2, 2)))
    expect(confirmed.verdict).toBe('fail')
    expect(confirmed.reason).toContain('confirmed')
    const alone = judge(rawOf(pairs(1.2, 1), pairs(1, 2)))
    expect(alone.verdict).toBe('inconclusive')
    expect(alone.reason).toContain('not in the second')
  })

  test('one that is the same passes; where noise hides the budget, nothing is said', () => {
    expect(judge(rawOf(pairs(1, 3, { noise: 0.02 }))).verdict).toBe('pass')
    expect(judge(rawOf(pairs(1, 3, { noise: 0.3 }))).verdict).toBe('inconclusive')
  })

  test('one that is faster is no regression', () => {
    expect(judge(rawOf(pairs(0.8, 4, { noise: 0.02 }))).verdict).toBe('pass')
  })

  test('over 60 runs of the same against itself, at most one asks for a second one', () => {
    let alarms = 0
    for (let seed = 0; seed < 60; seed += 1) {
      const run = pairs(1, 1000 + seed, { blocks: 10 })
      const found = differencesOf(run, [], createRandom(seed))
      if (found.some((one) => isRegression(one, 0))) alarms += 1
    }
    expect(alarms).toBeLessThanOrEqual(1)
  }, 20_000)

  test('five blocks say nothing', () => {
    expect(judge(rawOf(pairs(2, 1, { blocks: 5 }))).verdict).toBe('inconclusive')
  })

  test('blocks that failed are left out and counted', () => {
    const { pairs: all } = pairs(1, 3)
    const [first, ...rest] = all
    const broken = {
      ...first!,
      other: { ...first!.other, slices: [{ ...first!.other.slices[0]!, failed: 2 }] },
    }
    const outcome = compareExperiment.analyze(
      OPTIONS,
      rawOf({ pairs: [broken, ...rest], blocks: [] }),
      1,
    )
    expect(outcome.trust.discarded?.[0]?.count).toBe(1)
  })
})

describe('a stored baseline', () => {
  const blocks = (factor: number, seed: number, noise = 0.03): readonly SideRaw[] => {
    const random = createRandom(seed)
    return Array.from({ length: 20 }, () => side(factor, noise, random))
  }
  const options: CompareOptions = {
    ...OPTIONS,
    baseline: {
      kind: 'stored',
      name: 'base.json',
      blocks: blocks(1, 1),
      rate: 1000,
      fingerprint: readFingerprint(),
    },
  }
  const run = (factor: number, seed: number): CompareRun => ({
    pairs: [],
    blocks: blocks(factor, seed),
  })

  test('finds a server that is 20 % slower, and lets one pass that is the same', () => {
    expect(judge(rawOf(run(1.2, 2), run(1.2, 3)), options).verdict).toBe('fail')
    expect(judge(rawOf(run(1, 4)), options).verdict).toBe('pass')
  })

  test('on another machine nothing is compared', () => {
    const raw: CompareRaw = { runs: [], rate: 0, differences: ['cores: 2 and 4'] }
    expect(judge(raw, options)).toMatchObject({ verdict: 'inconclusive' })
    expect(judge(raw, options).reason).toContain('incomparable')
  })

  test('is read from the record of an earlier run, and from nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-compare-'))
    const path = join(folder, 'base.json')
    const record = {
      format: RECORD_FORMAT,
      fingerprint: readFingerprint(),
      experiments: [{ kind: 'compare', options: {}, raw: rawOf(pairs(1, 1)) }],
    }
    try {
      await writeFile(path, JSON.stringify(record))
      const read = await readBaseline(path)
      expect(read.kind === 'stored' && read.blocks.length).toBe(20)
      await writeFile(path, JSON.stringify({ ...record, format: 'other/1' }))
      expect(readBaseline(path)).rejects.toThrow('is no record')
      await writeFile(path, JSON.stringify({ ...record, experiments: [] }))
      expect(readBaseline(path)).rejects.toThrow('holds no run')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('measuring', () => {
  const world: World = {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    seed: 1,
    random: createRandom(1),
    signal: new AbortController().signal,
    progress: { step: () => undefined, note: () => undefined, live: () => undefined },
  }

  test('a server that burns 50 µs more is found by two runs, and a baseline can be made of one', async () => {
    const server = await startSyntheticServer({ layersUs: { slow: 50 } })
    const at = (on: string) => ({ ...request, url: `${server.url}/layers?on=${on}` })
    try {
      const options: CompareOptions = {
        ...OPTIONS,
        baseline: { kind: 'interleaved', request: at('none') },
        request: at('slow'),
        sliceMs: 6,
        blocks: 9,
      }
      const raw = await compareExperiment.measure(options, world)
      expect(raw.runs).toHaveLength(2)
      expect(judge(raw, options).verdict).toBe('fail')
      const alone = { ...options, baseline: { kind: 'none' }, blocks: 6 } as const
      const first = await compareExperiment.measure(alone, world)
      expect(judge(first, alone)).toMatchObject({ verdict: 'pass' })
    } finally {
      await server.stop()
    }
  }, 30_000)
})
