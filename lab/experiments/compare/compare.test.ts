import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Random } from '../../core/index.ts'
import { createRandom, RECORD_FORMAT } from '../../core/index.ts'
import { quietWorld } from '../../core/world.fixture.ts'
import { createHistogram } from '../../histogram/index.ts'
import { readFingerprint } from '../../machine/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import { differencesOf, isRegression } from './differences.ts'
import { compareExperiment, readHistory, readStoredRun } from './index.ts'
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
      startedAt: '2026-01-01T00:00:00.000Z',
      fingerprint: readFingerprint(),
      experiments: [
        { kind: 'compare', options: {}, raw: rawOf(pairs(1, 1)), trust: { grade: 'quiet' } },
      ],
    }
    try {
      await writeFile(path, JSON.stringify(record))
      expect((await readStoredRun(path)).blocks).toHaveLength(20)
      await writeFile(path, JSON.stringify({ ...record, format: 'other/1' }))
      expect(readStoredRun(path)).rejects.toThrow('is no record')
      await writeFile(path, JSON.stringify({ ...record, experiments: [] }))
      expect(readStoredRun(path)).rejects.toThrow('holds no run')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('a history', () => {
  /** Ten runs in a folder, from the sixth on a fifth slower, one of another machine, one of something else. */
  const write = async (folder: string) => {
    const record = (day: number, raw: CompareRaw, cores = 0) => ({
      format: RECORD_FORMAT,
      startedAt: `2026-01-${String(day).padStart(2, '0')}T10:00:00.000Z`,
      fingerprint: { ...readFingerprint(), ...(cores > 0 && { cores }) },
      experiments: [
        {
          kind: 'compare',
          options: {},
          raw,
          trust: { grade: day === 10 ? 'unusable' : 'quiet' },
        },
      ],
    })
    for (let day = 1; day <= 10; day += 1) {
      const raw = rawOf(pairs(day > 5 ? 1.2 : 1, day, { noise: 0.02, blocks: 8 }))
      // Names do not give the order away.
      await writeFile(join(folder, `${20 - day}.json`), JSON.stringify(record(day, raw)))
    }
    await writeFile(join(folder, 'a.json'), JSON.stringify(record(11, rawOf(pairs(2, 1)), 512)))
    await writeFile(join(folder, 'b.json'), '{"format":"other/1"}')
  }

  test('shows the course of every metric, and from which run on it is another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-history-'))
    try {
      await write(folder)
      const { history, newest } = await readHistory([folder])
      expect(history.runs.map(({ name }) => name).slice(0, 2)).toEqual(['19.json', '18.json'])
      expect([history.runs.length, history.incomparable]).toEqual([10, 1])
      // The tenth run says nothing of the server: the machine was busy.
      expect(newest?.name).toBe(join(folder, '11.json'))
      const raw = rawOf(pairs(1.2, 99, { noise: 0.02 }))
      const outcome = compareExperiment.analyze({ ...OPTIONS, history }, raw, 1)
      const chart = outcome.exhibits.find(({ id }) => id === 'history-cpu')
      if (chart?.kind !== 'lines') throw new Error('there is no chart')
      const [runs, own, levels] = chart.series
      expect(runs?.points.map(([number]) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      expect(own?.points).toEqual([runs!.points.at(-1)!])
      expect(levels?.points.map(([x]) => x)).toEqual([1, 5.5, 5.5, 11])
      expect(levels!.points[3]![1] / levels!.points[0]![1]).toBeCloseTo(1.2, 1)
      const [note] = outcome.notes
      expect(note).toContain('Changed with run 6 (14.json, 2026-01-06): CPU per request')
      expect(outcome.trust.discarded).toEqual([
        { reason: 'earlier runs of another machine', count: 1 },
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('percentiles of another rate are another series; without earlier runs nothing is shown', () => {
    const levels = { value: 1, interval: { low: 0.9, high: 1.1, confidence: 0.95 }, blocks: 8 }
    const run = (rate: number) => ({
      name: 'x',
      startedAt: '2026-01-01T00:00:00Z',
      grade: 'quiet' as const,
      rate,
      levels: { cpu: levels, time: null, p50: levels, p99: null },
    })
    const shown = (...runs: readonly ReturnType<typeof run>[]) =>
      compareExperiment
        .analyze({ ...OPTIONS, history: { runs, incomparable: 0 } }, rawOf(pairs(1, 1)), 1)
        .exhibits.map(({ id }) => id)
        .filter((id) => id.startsWith('history'))
    expect(shown(run(1000))).toEqual(['history-cpu', 'history-p50', 'history'])
    expect(shown(run(2000))).toEqual(['history-cpu', 'history'])
    expect(shown()).toEqual([])
  })

  test('runs that cannot be compared with are no reason to pass', () => {
    const random = createRandom(1)
    const blocks = Array.from({ length: 12 }, () => side(1, 0.04, random))
    const raw = rawOf({ pairs: [], blocks })
    const verdict = (history: NonNullable<CompareOptions['history']>) =>
      compareExperiment.analyze({ ...OPTIONS, baseline: { kind: 'none' }, history }, raw, 1)
        .judgement
    expect(verdict({ runs: [], incomparable: 0 }).verdict).toBe('pass')
    expect(verdict({ runs: [], incomparable: 3 })).toEqual({
      verdict: 'inconclusive',
      reason:
        'none of the earlier runs can be compared with: 3 of another machine, 0 while it was too busy',
    })
  })

  test('a record that is named must be one', () => {
    expect(readHistory([join(tmpdir(), 'tollgate-no-such-file.json')])).rejects.toThrow(
      'does not exist',
    )
  })
})

describe('measuring', () => {
  test('a server that burns 50 µs more is found by two runs, and a baseline can be made of one', async () => {
    const server = await startSyntheticServer({ layersUs: { slow: 50 } })
    const at = (on: string) => ({ ...request, url: `${server.url}/layers?on=${on}` })
    try {
      const options: CompareOptions = {
        ...OPTIONS,
        baseline: { kind: 'interleaved', request: at('none') },
        request: at('slow'),
        sliceMs: 25,
        blocks: 12,
      }
      const raw = await compareExperiment.measure(options, quietWorld())
      expect(raw.runs).toHaveLength(2)
      expect(judge(raw, options).verdict).toBe('fail')
      const alone = { ...options, baseline: { kind: 'none' }, blocks: 24 } as const
      const first = await compareExperiment.measure(alone, quietWorld())
      expect(judge(first, alone)).toMatchObject({ verdict: 'pass' })
    } finally {
      await server.stop()
    }
  }, 240_000)
})
