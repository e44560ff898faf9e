import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '../../core/index.ts'
import { quietWorld } from '../../core/world.fixture.ts'
import { estimateCase } from './estimate.ts'
import { microExperiment, parseMicroBudget } from './index.ts'
import { loadCases } from './load-cases.ts'
import type { MicroOptions, MicroRaw, MicroRun } from './raw.ts'

const OPTIONS: MicroOptions = {
  file: null,
  only: [],
  processes: 5,
  points: 30,
  sampleMs: 100,
  warmUpMs: 50,
  budgets: [],
}

/** A process in which an iteration takes `ns`, with noise, and starting the loop costs `fixedNs`. */
function run(ns: number, seed: number, { noise = 0.02, fixedNs = 0 } = {}): MicroRun {
  const random = createRandom(seed)
  const iterations = Array.from({ length: 100 }, (_, at) => (at + 1) * 1000)
  const nanoseconds = iterations.map(
    (count) => fixedNs + count * ns * (1 + noise * random.normal()),
  )
  return { iterations, nanoseconds, settled: true, isAsync: false }
}

const rawOf = (...cases: readonly (readonly [string, number, string | null])[]): MicroRaw => ({
  cases: cases.map(([name, ns, against], at) => ({
    name,
    against,
    runs: Array.from({ length: 8 }, (_, each) =>
      run(ns * (1 + 0.01 * createRandom(100 * at + each).normal()), 10 * at + each),
    ),
    allocatedBytes: 64,
  })),
})

describe('analysis', () => {
  const raw = rawOf(['base', 100, null], ['more', 150, 'base'])
  const figure = (name: string) =>
    microExperiment.analyze(OPTIONS, raw, 1).figures.find((each) => each.name === name)!

  test('finds the time of an iteration, and the difference to what it builds on', () => {
    for (const [name, truth] of [
      ['base.time', 100],
      ['more.time', 150],
      ['more − base.difference', 50],
    ] as const) {
      const { value, interval } = figure(name)
      expect(Math.abs(value! - truth) / truth).toBeLessThan(0.03)
      expect(interval!.low).toBeLessThan(truth)
      expect(interval!.high).toBeGreaterThan(truth)
    }
  })

  test('what happens to the machine between rounds does not enter a difference', () => {
    const rounds = [1, 1.3, 0.9, 1.5, 1.1, 0.8, 1.2, 1]
    const runsOf = (ns: number, seed: number) =>
      rounds.map((factor, at) => run(ns * factor, seed + at, { noise: 0.002 }))
    const drifting: MicroRaw = {
      cases: [
        { name: 'base', against: null, runs: runsOf(1000, 1), allocatedBytes: null },
        {
          name: 'more',
          against: 'base',
          differenceName: 'the part',
          runs: runsOf(1050, 20),
          allocatedBytes: null,
        },
      ],
    }
    const budget = parseMicroBudget('the part<100ns')
    const outcome = microExperiment.analyze({ ...OPTIONS, budgets: [budget] }, drifting, 1)
    const part = outcome.figures.find(({ name }) => name === 'the part.difference')!
    const whole = outcome.figures.find(({ name }) => name === 'more.time')!
    // The whole varies by a fifth, the part is found all the same.
    expect(part.interval!.low).toBeGreaterThan(0)
    expect(part.interval!.low).toBeLessThan(55)
    expect(part.interval!.high).toBeGreaterThan(50)
    expect(whole.interval!.high - whole.interval!.low).toBeGreaterThan(200)
    expect(part.interval!.high - part.interval!.low).toBeLessThan(40)
    expect(outcome.judgement.verdict).toBe('pass')
  })

  test('budgets hold, are exceeded, or cannot be told', () => {
    const verdict = (...texts: readonly string[]) =>
      microExperiment.analyze({ ...OPTIONS, budgets: texts.map(parseMicroBudget) }, raw, 1)
        .judgement.verdict
    expect(verdict('base<120ns')).toBe('pass')
    expect(verdict('base<80ns')).toBe('fail')
    expect(verdict('base<0.1us')).toBe('inconclusive')
    expect(verdict('base<120ns', 'gone<1ms')).toBe('inconclusive')
  })

  test('four processes, or processes that differ by half, say nothing', () => {
    const few = {
      cases: raw.cases.map(({ ...each }) => Object.assign(each, { runs: each.runs.slice(4) })),
    }
    expect(microExperiment.analyze(OPTIONS, few, 1).judgement.verdict).toBe('inconclusive')
    const apart = {
      name: 'apart',
      against: null,
      runs: [60, 80, 100, 120, 140].map((ns, at) => run(ns, at)),
      allocatedBytes: null,
    }
    const { judgement } = microExperiment.analyze(OPTIONS, { cases: [apart] }, 1)
    expect(judgement.verdict).toBe('inconclusive')
  })

  test('five processes that differ make an interval that is nearly as wide as they lie apart', () => {
    const runs = [97, 98.5, 100, 101.5, 103].map((ns, at) => run(ns, at, { noise: 0 }))
    const few = { name: 'few', against: null, runs, allocatedBytes: null }
    const { interval } = estimateCase(few, createRandom(1))
    // Means of five draws: 2 of 1,000 are below the second smallest there can be.
    expect(interval.low).toBeCloseTo(97.3, 6)
    expect(interval.high).toBeCloseTo(102.7, 6)
  })

  test('outliers are counted and stay in', () => {
    const wild = run(100, 1, { noise: 0.005 })
    const nanoseconds = wild.nanoseconds.map((ns, at) => (at === 50 ? ns * 5 : ns))
    const runs = [
      { ...wild, nanoseconds },
      ...[2, 3, 4, 5].map((seed) => run(100, seed, { noise: 0.005 })),
    ]
    const outcome = microExperiment.analyze(
      OPTIONS,
      { cases: [{ name: 'wild', against: null, runs, allocatedBytes: null }] },
      1,
    )
    const table = outcome.exhibits.find(({ kind }) => kind === 'table')
    if (table?.kind !== 'table') throw new Error('there is no table')
    expect(table.rows[0]?.[5]).toContain('1 severe of 500')
    expect(outcome.figures[0]!.value).toBeGreaterThan(100.5)
  })

  test.each(['a', 'a<', 'a<5', '<5ns', 'a<5%'])('%s is no budget', (text) => {
    expect(() => parseMicroBudget(text)).toThrow('not a budget')
  })
})

describe('measuring', () => {
  test('cases of a file run in processes of their own, and their sizes show', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-micro-'))
    const file = join(folder, 'cases.ts')
    await writeFile(
      file,
      `const pids = []
const sum = (upTo) => () => { let s = 0; for (let at = 0; at < upTo; at += 1) s += at ^ s; return s }
export default [
  { name: 'short', prepare: () => ({ run: sum(100) }) },
  { name: 'long', against: 'short', prepare: () => ({ run: sum(10_000) }) },
  { name: 'kilobyte', prepare: () => ({ run: () => new Uint8Array(1024) }) },
]`,
    )
    try {
      const options = { ...OPTIONS, file, processes: 2, points: 10, sampleMs: 20, warmUpMs: 10 }
      const raw = await microExperiment.measure(options, quietWorld())
      expect(raw.cases.map(({ name, runs }) => [name, runs.length])).toEqual([
        ['short', 2],
        ['long', 2],
        ['kilobyte', 2],
      ])
      const outcome = microExperiment.analyze(options, raw, 1)
      const value = (name: string) => outcome.figures.find((each) => each.name === name)!.value!
      expect(value('long.time')).toBeGreaterThan(10 * value('short.time'))
      expect(value('short.allocated')).toBeLessThan(64)
      expect(value('kilobyte.allocated')).toBeGreaterThan(900)
    } finally {
      await rm(folder, { recursive: true })
    }
  }, 30_000)

  test('a budget for what is not timed ends the run before anything is', async () => {
    const measure = (budget: string, only: string[]) =>
      microExperiment.measure(
        { ...OPTIONS, only, budgets: [parseMicroBudget(budget)] },
        quietWorld(AbortSignal.abort()),
      )
    expect(measure('nothing<1us', [])).rejects.toThrow('nothing<1us: nothing is called "nothing"')
    // A name that there is gets as far as the first process, which this world does not let start.
    const [first] = await loadCases(null)
    expect(measure(`${first!.name}<1us`, [])).rejects.toThrow('abort')
    expect(measure('limiter, in a request<3us', [])).rejects.toThrow('abort')
  })

  test('every case of the gate can be prepared and runs', async () => {
    for (const { prepare, against } of await loadCases(null)) {
      const subject = await prepare()
      expect(await subject.run()).toBeDefined()
      await subject.close?.()
      const names = (await loadCases(null)).map(({ name }) => name)
      if (against !== undefined) expect(names).toContain(against)
    }
  })

  test('a file without cases is refused with what is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-micro-'))
    const file = join(folder, 'none.ts')
    await writeFile(file, 'export default [{ name: "a" }]')
    expect(loadCases(file)).rejects.toThrow('prepare')
    await rm(folder, { recursive: true })
  })
})
