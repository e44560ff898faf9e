import { describe, expect, test } from 'bun:test'
import { createHistogram } from '../../histogram/index.ts'
import { createRandom } from '../../core/index.ts'
import { analyzeOverhead } from './analyze.ts'
import { parseBudget } from './budget.ts'
import { isDecided } from './decided.ts'
import { effectsOf, cpuPerRequest } from './effects.ts'
import type { Block, LatencyBlock, OverheadRaw, Slice } from './raw.ts'
import { OPTIONS, simulate } from './simulation.fixture.ts'

/** Deviation of a slice on a busy machine: 6 % between blocks of four. */
const NOISE = 0.06

const figureOf = (outcome: ReturnType<typeof analyzeOverhead>, name: string) =>
  outcome.figures.find((figure) => figure.name === name)!

/** The same run with every slice changed. */
const changed = (raw: OverheadRaw, change: (slice: Slice) => Slice): OverheadRaw => {
  const changeBlock = (block: Block): Block => ({ ...block, slices: block.slices.map(change) })
  return { ...raw, blocks: raw.blocks.map(changeBlock) }
}

const withBudgets = (...texts: readonly string[]) => ({
  ...OPTIONS,
  budgets: texts.map(parseBudget),
})

describe('a layer that costs 5 % is found, and one that costs nothing is not', () => {
  test('in at least 9 of 10 runs of two minutes, with false alarms in at most 1 of 50', () => {
    const runs = 50
    let found = 0
    let falseAlarms = 0
    for (let seed = 0; seed < runs; seed += 1) {
      // Three arms in blocks of four slices of 200 ms: 40 rounds in less than two minutes.
      const raw = simulate({ seed, rounds: 40, layers: { dear: 0.05, free: 0 }, noise: NOISE / 2 })
      const { all } = effectsOf(raw.arms, raw.blocks, cpuPerRequest, createRandom(seed))
      const named = (name: string) => all.find(({ arm }) => raw.arms[arm]?.name === name)!
      if (named('dear').distinguishable) found += 1
      if (named('free').distinguishable) falseAlarms += 1
    }
    expect(found / runs).toBeGreaterThanOrEqual(0.9)
    expect(falseAlarms / runs).toBeLessThanOrEqual(0.02)
  }, 30_000)

  test('a machine that gets slower by a third meanwhile changes nothing: the order is ABBA', () => {
    const raw = simulate({ seed: 3, rounds: 40, layers: { dear: 0.05 }, noise: 0.02, drift: 0.33 })
    const { value, interval } = figureOf(analyzeOverhead(OPTIONS, raw, 1), 'dear.cpu')
    expect(value).toBeCloseTo(0.05, 1)
    expect(interval!.low).toBeGreaterThan(0)
  })
})

describe('a run that is too short', () => {
  // Eleven arms are tested: each layer alone, all without it, and all.
  const layers = { a: 2, b: 2, c: 2, d: 2, e: 2 }
  const run = (rounds: number) =>
    analyzeOverhead(OPTIONS, simulate({ seed: 1, rounds, layers, noise: 0.001 }), 1)

  test('is inconclusive, and says how many blocks are needed, even of layers that triple the cost', () => {
    const { judgement, notes } = run(10)
    expect(judgement.verdict).toBe('inconclusive')
    expect(judgement.reason).toContain('10 blocks of each arm are too few')
    expect(judgement.reason).toContain('11 arms need 12')
    expect(notes.join()).not.toContain('not distinguishable')
    expect(notes.join()).not.toContain('Smallest cost')
  })

  test('is long enough with just as many blocks as it asked for', () => {
    expect(run(12).judgement.verdict).toBe('pass')
    expect(run(12).judgement.reason).toContain('11 of 11 arms differ')
  })
})

describe('A/A', () => {
  test('a baseline differs from itself in at most 2 of 100 runs', () => {
    let alarms = 0
    const runs = 300
    for (let seed = 0; seed < runs; seed += 1) {
      const raw = simulate({ seed, rounds: 12, layers: {}, noise: NOISE })
      const { all } = effectsOf(raw.arms, raw.blocks, cpuPerRequest, createRandom(seed))
      const aa = all.find(({ arm }) => raw.arms[arm]?.role === 'duplicate')!
      if (aa.pTwoSided < 0.01 && aa.interval.low * aa.interval.high > 0) alarms += 1
    }
    expect(alarms / runs).toBeLessThanOrEqual(0.02)
  }, 30_000)

  test('a baseline that does differ from itself ends the run without a verdict', () => {
    const raw = simulate({ seed: 1, rounds: 20, layers: { a: 0 }, noise: 0.01 })
    const biased = changed(raw, (slice) => ({
      ...slice,
      cpuNs: slice.cpuNs! * (slice.arm === 1 ? 1.1 : 1),
    }))
    const { judgement } = analyzeOverhead(withBudgets('a<50%'), biased, 1)
    expect(judgement.verdict).toBe('inconclusive')
    expect(judgement.reason).toContain('differs from itself')
  })
})

describe('budgets', () => {
  const raw = simulate({ seed: 5, rounds: 30, layers: { key: 0.2, role: 0.01 }, noise: 0.03 })
  const verdict = (...texts: readonly string[]) =>
    analyzeOverhead(withBudgets(...texts), raw, 1).judgement.verdict

  test('hold, are exceeded, or cannot be told', () => {
    expect(verdict('key<30%')).toBe('pass')
    expect(verdict('key<10%')).toBe('fail')
    expect(verdict('key<20%')).toBe('inconclusive')
    expect(verdict('key<30%', 'role<10%')).toBe('pass')
    expect(verdict('key<10%', 'role<10%')).toBe('fail')
    expect(verdict('key.throughput<25%')).toBe('pass')
    expect(verdict('unknown<5%')).toBe('inconclusive')
  })

  test('below the A/A floor nothing passes and nothing fails', () => {
    const noisy = simulate({ seed: 5, rounds: 12, layers: { role: 0 }, noise: 0.2 })
    const { judgement } = analyzeOverhead(withBudgets('role<1%'), noisy, 1)
    expect(judgement.verdict).toBe('inconclusive')
    expect(judgement.reason).toContain('cannot be told from none')
  })

  test('fewer than six blocks say nothing', () => {
    const short = simulate({ seed: 5, rounds: 4, layers: { role: 0 }, noise: 0.01 })
    expect(analyzeOverhead(OPTIONS, short, 1).judgement.verdict).toBe('inconclusive')
  })

  test.each(['limits', 'limits<5', 'limits<5ms', 'all.p99<5%', 'all.speed<5%', '<5%'])(
    '%s is no budget',
    (text) => {
      expect(() => parseBudget(text)).toThrow('not a budget')
    },
  )
})

describe('what is shown', () => {
  test('the waterfall adds up, and the interaction has the size it has', () => {
    const raw = simulate({
      seed: 2,
      rounds: 40,
      layers: { key: 0.2, role: 0.1 },
      noise: 0.02,
      interaction: 0.15,
    })
    const outcome = analyzeOverhead(OPTIONS, raw, 1)
    const waterfall = outcome.exhibits.find(({ kind }) => kind === 'waterfall')
    if (waterfall?.kind !== 'waterfall') throw new Error('there is no waterfall')
    const of = (label: string) => waterfall.steps.find((step) => step.label === label)!.value
    const sum = of('baseline') + of('key') + of('role') + of('interaction')
    expect(sum).toBeCloseTo(of('all layers'), 9)
    expect(of('interaction') / of('baseline')).toBeCloseTo(0.15, 1)
    expect(figureOf(outcome, 'without key.cpu').value).toBeCloseTo(-0.2 / 1.45, 1)
  })

  test('without processor times, throughput alone is compared, and it is said', () => {
    const raw = simulate({ seed: 2, rounds: 20, layers: { key: 0.3 }, noise: 0.02 })
    const blind = changed(raw, (slice) => ({ ...slice, cpuNs: null }))
    const outcome = analyzeOverhead(OPTIONS, blind, 1)
    expect(outcome.judgement.verdict).toBe('pass')
    expect(figureOf(outcome, 'key.throughput').value).toBeCloseTo(0.3 / 1.3, 1)
    expect(outcome.notes.join()).toContain('cannot be read')
  })

  test('the same seed gives the same outcome, and so does raw data that was stored', () => {
    const raw = simulate({ seed: 9, rounds: 12, layers: { key: 0.1 }, noise: 0.05 })
    const once = analyzeOverhead(OPTIONS, raw, 4)
    const stored = JSON.parse(JSON.stringify(raw)) as OverheadRaw
    expect(analyzeOverhead(OPTIONS, stored, 4)).toEqual(once)
  })
})

describe('blocks that say nothing', () => {
  test('are left out and counted: stalled, refused, disturbed', () => {
    const raw = simulate({ seed: 1, rounds: 20, layers: {}, noise: 0.01 })
    const broken = raw.blocks.map((block, at) => {
      const change = [{ requests: 0 }, { failed: 3 }, { foreignCores: 1.5 }][at] ?? {}
      const [first, ...rest] = block.slices
      return { ...block, slices: [{ ...first!, ...change }, ...rest] }
    })
    const { trust, figures } = analyzeOverhead(OPTIONS, { ...raw, blocks: broken }, 1)
    expect(trust.discarded?.map(({ count }) => count)).toEqual([1, 1, 1])
    expect(figures.every(({ value }) => Number.isFinite(value))).toBe(true)
  })

  test('when hardly any block was quiet, all are kept with a warning', () => {
    const raw = simulate({ seed: 1, rounds: 20, layers: {}, noise: 0.01 })
    const loud = changed(raw, (slice) => ({ ...slice, foreignCores: 1 }))
    const { trust } = analyzeOverhead(OPTIONS, loud, 1)
    expect(trust.discarded).toEqual([])
    expect(trust.warnings?.[0]).toContain('they were kept')
  })
})

describe('stopping', () => {
  const arms = simulate({ seed: 1, rounds: 1, layers: { key: 0.2 }, noise: 0.01 }).arms
  const blocks = (rounds: number, noise: number) =>
    simulate({ seed: 1, rounds, layers: { key: 0.2 }, noise }).blocks

  test('a run ends at a look when all is narrow enough, and not between looks', () => {
    expect(isDecided(OPTIONS, arms, blocks(10, 0.005), 10)).toBe(true)
    expect(isDecided(OPTIONS, arms, blocks(11, 0.005), 11)).toBe(false)
    expect(isDecided(OPTIONS, arms, blocks(10, 0.1), 10)).toBe(false)
  })

  test('with budgets it ends when they are decided, however wide the rest is', () => {
    const decided = (text: string) => isDecided(withBudgets(text), arms, blocks(10, 0.03), 10)
    expect(decided('key<60%')).toBe(true)
    expect(decided('key<20%')).toBe(false)
  })
})

describe('latency at the common rate', () => {
  const times = (seed: number, addedUs: number, count = 2000) => {
    const random = createRandom(seed)
    const histogram = createHistogram()
    for (let at = 0; at < count; at += 1)
      histogram.record(200 + addedUs + 300 * random.exponential())
    return histogram.toJSON()
  }
  const blocksWith = (addedUs: number, contender: number, count = 2000): LatencyBlock[] =>
    Array.from({ length: 10 }, (_, at) => ({
      contender,
      reference: 0,
      failed: 0,
      contenderTimes: times(100 + at, addedUs, count),
      referenceTimes: times(200 + at, 0, count),
    }))
  const raw: OverheadRaw = {
    ...simulate({ seed: 1, rounds: 10, layers: { key: 0.2 }, noise: 0.02 }),
    rate: 5000,
    latency: [...blocksWith(0, 1), ...blocksWith(500, 2)],
  }

  test('half a millisecond that is added is found in both percentiles', () => {
    const outcome = analyzeOverhead(withBudgets('key.p99<1ms'), raw, 1)
    expect(figureOf(outcome, 'key.p50').value).toBeCloseTo(0.5, 1)
    expect(figureOf(outcome, 'key.p99').value).toBeCloseTo(0.5, 0)
    expect(outcome.judgement.verdict).toBe('pass')
    expect(analyzeOverhead(withBudgets('key.p50<0.2ms'), raw, 1).judgement.verdict).toBe('fail')
  })

  test('a percentile without enough requests is not published', () => {
    const few = { ...raw, latency: [...blocksWith(0, 1, 500), ...blocksWith(500, 2, 500)] }
    const outcome = analyzeOverhead(withBudgets('key.p99<1ms'), few, 1)
    expect(outcome.figures.find(({ name }) => name === 'key.p99')).toBeUndefined()
    expect(outcome.judgement.verdict).toBe('inconclusive')
  })
})
