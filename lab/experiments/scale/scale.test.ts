import { describe, expect, test } from 'bun:test'
import { createRandom } from '../../core/index.ts'
import { quietWorld } from '../../core/world.fixture.ts'
import { mean, uslThroughput } from '../../statistics/index.ts'
import { scaleExperiment } from './index.ts'
import type { ScaleOptions, ScaleRaw } from './raw.ts'

const OPTIONS: ScaleOptions = {
  subject: { kind: 'synthetic', concurrent: 2, serviceMs: 10 },
  path: '/capacity',
  headers: {},
  status: 200,
  sizes: [1, 2, 3, 4, 5],
  repeats: 5,
  sliceMs: 200,
  connections: 4,
  efficiencyMin: 0.8,
}

function made(
  law: { gamma: number; alpha: number; beta: number },
  { sizes = [1, 2, 3, 4, 5], serverCores = 0.1, generatorCores = 0.2, cores = 8 } = {},
): ScaleRaw {
  const random = createRandom(1)
  return {
    cores,
    points: sizes.flatMap((size) =>
      Array.from({ length: 5 }, (_, repeat) => ({
        size,
        repeat,
        perSecond: uslThroughput(law, size) * (1 + 0.01 * random.normal()),
        failed: 0,
        serverCores: serverCores * size,
        generatorCores,
      })),
    ),
  }
}

const FREE = { gamma: 1000, alpha: 0.01, beta: 0 }
const BOUND = { gamma: 1000, alpha: 0.3, beta: 0.02 }
const judge = (raw: ScaleRaw, options = OPTIONS) =>
  scaleExperiment.analyze(options, raw, 1).judgement

describe('the verdict', () => {
  test('instances that share nothing pass, those that wait for each other fail', () => {
    expect(judge(made(FREE)).verdict).toBe('pass')
    expect(judge(made(BOUND))).toMatchObject({ verdict: 'fail' })
  })

  test('where the processors are used up, a bad figure is no failure of the server', () => {
    const { verdict, reason } = judge(made(BOUND, { serverCores: 0.4, cores: 2 }))
    expect(verdict).toBe('inconclusive')
    expect(reason).toContain('processors of this machine were used up')
  })

  test('three sizes, or a generator at its end, say nothing', () => {
    expect(judge(made(FREE, { sizes: [1, 2, 3] })).reason).toContain('at least 4')
    expect(judge(made(FREE, { generatorCores: 0.95 })).reason).toContain('generator')
  })

  test('the parameters are found, what was not measured is dashed, and too few cores are said', () => {
    const outcome = scaleExperiment.analyze(OPTIONS, made(BOUND, { cores: 2 }), 1)
    const value = (name: string) => outcome.figures.find((figure) => figure.name === name)?.value
    expect(value('alpha')).toBeCloseTo(0.3, 1)
    expect(value('gamma')).toBeCloseTo(1000, -2)
    const [chart] = outcome.exhibits
    if (chart?.kind !== 'lines') throw new Error('there is no chart')
    const beyond = chart.series.filter(({ points }) => points.some(([n]) => n > 5))
    expect(beyond.map(({ dashed }) => dashed)).toEqual([true])
    // The band opens beyond what was measured, holds the law, and stands among the figures.
    const [, law, extrapolated] = chart.series
    const widthAt = (series: typeof law, at: number) => {
      const [, low, high] = series!.band!.at(at)!
      return high - low
    }
    expect(extrapolated?.points.at(-1)?.[0]).toBe(10)
    expect(widthAt(extrapolated, -1)).toBeGreaterThan(2 * widthAt(law, 0))
    const at10 = outcome.figures.find(({ name }) => name === 'extrapolated')!
    expect(at10.interval!.low).toBeLessThan(uslThroughput(BOUND, 10))
    expect(at10.interval!.high).toBeGreaterThan(uslThroughput(BOUND, 10))
    expect(chart.spans).toEqual([{ label: 'more instances than processors', from: 2, to: 10 }])
    expect(outcome.notes.join()).toContain('2 processors for 5 instances')
  })
})

test('instances of known capacity do what they can together', async () => {
  const options = { ...OPTIONS, sizes: [1, 3], repeats: 3, sliceMs: 400 }
  // How long 10 ms are here, meanwhile.
  const sleeps: number[] = []
  const over = new AbortController()
  const sleeping = (async () => {
    while (!over.signal.aborted) {
      const fromMs = performance.now()
      await Bun.sleep(10)
      sleeps.push(performance.now() - fromMs)
    }
  })()
  const { points } = await scaleExperiment.measure(options, quietWorld())
  over.abort()
  await sleeping
  // Two at a time for at least 10 ms each: never more than 200 a second each, and those begun before.
  for (const { size, perSecond } of points) expect(perSecond).toBeLessThanOrEqual(210 * size)
  // The best of some slices: what one was kept from says nothing of the servers.
  const best = (size: number) =>
    Math.max(...points.filter((point) => point.size === size).map(({ perSecond }) => perSecond))
  expect(best(1)).toBeGreaterThan((0.3 * 2000) / mean(sleeps))
  expect(best(3) / best(1)).toBeGreaterThan(1.8)
}, 30_000)
