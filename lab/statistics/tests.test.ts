import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import * as oracle from 'simple-statistics'
import { createRandom } from '../core/index.ts'
import type { Point } from '../core/index.ts'
import {
  findChangePoints,
  findSteadyState,
  fitUsl,
  hodgesLehmann,
  mannKendall,
  mannWhitney,
  median,
  signFlipTest,
  theilSen,
  uslThroughput,
} from './index.ts'
import { welch } from './change-points.ts'
import { warmUpLength } from './steady-state.ts'

describe('sign-flip test', () => {
  test("Fisher's exact result for Darwin's plants: 863 of 32,768 assignments on one side", () => {
    const darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    const { pGreater, pTwoSided, exact } = signFlipTest(darwin, createRandom(1))
    expect(exact).toBe(true)
    expect(pGreater * 2 ** 15).toBe(863)
    expect(pTwoSided * 2 ** 15).toBe(1726)
  })

  test('sampling agrees with counting', () => {
    const random = createRandom(5)
    const values = Array.from({ length: 16 }, () => 0.4 + random.normal())
    const exact = signFlipTest(values, random)
    // A difference of nothing changes no sum but makes the sample too large to count.
    const sampled = signFlipTest([...values, 0], random)
    expect(sampled.exact).toBe(false)
    expect(sampled.pTwoSided).toBeCloseTo(exact.pTwoSided, 1)
  })

  test('without an effect, 5 % of tests find one', () => {
    const random = createRandom(8)
    let found = 0
    for (let round = 0; round < 2000; round += 1) {
      const values = Array.from({ length: 8 }, () => random.normal())
      if (signFlipTest(values, random).pTwoSided <= 0.05) found += 1
    }
    expect(found / 2000).toBeGreaterThan(0.03)
    expect(found / 2000).toBeLessThan(0.065)
  })

  test('of nothing it finds nothing', () => {
    expect(signFlipTest([], createRandom(1)).pTwoSided).toBe(1)
    expect(signFlipTest([0, 0, 0], createRandom(1)).pTwoSided).toBe(1)
  })
})

describe('Mann–Whitney', () => {
  test('tables: U = 0 of 3 and 3 has probability 1/20 on one side', () => {
    const { u, pGreater, pTwoSided } = mannWhitney([1, 2, 3], [4, 5, 6])
    expect(u).toBe(9)
    expect(pGreater).toBeCloseTo(1 / 20, 12)
    expect(pTwoSided).toBeCloseTo(1 / 10, 12)
  })

  test('the rank sum is that of simple-statistics, whatever the ties', () => {
    const small = fc.array(fc.nat(9), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(small, small, (a, b) => {
        const rankSum = oracle.wilcoxonRankSum(b, a)
        expect(mannWhitney(a, b).u).toBeCloseTo(rankSum - (b.length * (b.length + 1)) / 2, 9)
      }),
    )
  })

  test('swapping the samples swaps the sides', () => {
    const small = fc.array(fc.nat(9), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(small, small, (a, b) => {
        const there = mannWhitney(a, b)
        const back = mannWhitney(b, a)
        expect(there.u + back.u).toBeCloseTo(a.length * b.length, 9)
        expect(there.pTwoSided).toBeCloseTo(back.pTwoSided, 9)
      }),
    )
  })

  test('beyond counting, the normal approximation agrees with it', () => {
    const random = createRandom(2)
    const draw = (size: number, shift: number) =>
      Array.from({ length: size }, () => Math.round(4 * (shift + random.normal())))
    const [a, b] = [draw(20, 0), draw(20, 0.7)]
    const exact = mannWhitney(a, b)
    const approximate = mannWhitney([...a, ...draw(1, 0)], b)
    expect([exact.exact, approximate.exact]).toEqual([true, false])
    expect(Math.abs(Math.log(exact.pTwoSided / approximate.pTwoSided))).toBeLessThan(0.7)
  })

  test('Hodges–Lehmann finds a shift exactly, and its interval holds it', () => {
    const a = [1.1, 2.3, 3.7, 4.2, 5.9, 6.4]
    const { value, interval } = hodgesLehmann(
      a,
      a.map((one) => one + 10),
    )
    expect(value).toBeCloseTo(10, 9)
    expect(interval.low).toBeLessThan(10)
    expect(interval.high).toBeGreaterThan(10)
  })

  test('Hodges–Lehmann: 95 % intervals hold the shift in at least 93 of 100 samples', () => {
    const random = createRandom(6)
    let held = 0
    for (let round = 0; round < 400; round += 1) {
      const a = Array.from({ length: 8 }, () => random.normal())
      const b = Array.from({ length: 8 }, () => 1 + random.normal())
      const { interval } = hodgesLehmann(a, b)
      if (interval.low <= 1 && interval.high >= 1) held += 1
    }
    expect(held / 400).toBeGreaterThan(0.93)
  })
})

describe('trends', () => {
  test('Theil–Sen is not turned by wild points', () => {
    const points: Point[] = Array.from({ length: 21 }, (_, x) => [x, 3 + 2 * x])
    points[5] = [5, 1e6]
    points[13] = [13, -1e6]
    const { slope, intercept, interval } = theilSen(points)
    expect(slope).toBeCloseTo(2, 9)
    expect(intercept).toBeCloseTo(3, 9)
    expect(interval.low).toBeLessThanOrEqual(2)
    expect(interval.high).toBeGreaterThanOrEqual(2)
  })

  test("Sen's own example: slope 4 with interval 3.71 to 4.2 at 93 %", () => {
    const points: Point[] = [
      [1, 9],
      [2, 15],
      [3, 19],
      [4, 20],
      [10, 45],
      [12, 55],
      [18, 78],
    ]
    const { slope } = theilSen(points)
    expect(slope).toBeCloseTo(4, 9)
  })

  test('Mann–Kendall: scores and probabilities by hand', () => {
    expect(mannKendall([1, 2, 3, 4, 5]).score).toBe(10)
    // S = 10, variance 5·4·15/18 = 16.667, z = 9/4.0825 = 2.2045
    expect(mannKendall([1, 2, 3, 4, 5]).pTwoSided).toBeCloseTo(0.02749, 4)
    expect(mannKendall([5, 5, 5, 5]).pTwoSided).toBe(1)
    expect(mannKendall([5, 4, 3, 2, 1]).pRising).toBeGreaterThan(0.98)
  })

  test('neighbors that hang together are told from those that do not', () => {
    const random = createRandom(4)
    let level = 0
    const hanging = Array.from({ length: 200 }, () => (level = 0.8 * level + random.normal()))
    const loose = Array.from({ length: 200 }, () => random.normal())
    expect(mannKendall(hanging).autocorrelation).toBeGreaterThan(0.6)
    expect(Math.abs(mannKendall(loose).autocorrelation)).toBeLessThan(0.2)
  })
})

describe('steady state', () => {
  const noisy = (size: number, level: (at: number) => number): number[] => {
    const random = createRandom(12)
    return Array.from({ length: size }, (_, at) => level(at) * (1 + 0.01 * random.normal()))
  }

  test('a warm-up is cut where it ends', () => {
    const cut = warmUpLength(noisy(200, (at) => (at < 40 ? 100 - at : 60)))
    expect(cut).toBeGreaterThanOrEqual(35)
    expect(cut).toBeLessThanOrEqual(50)
    expect(findSteadyState(noisy(200, (at) => (at < 40 ? 100 - at : 60))).steady).toBe(true)
  })

  test('what drifts, or is too short, has none', () => {
    expect(findSteadyState(noisy(200, (at) => 100 + at / 4)).steady).toBe(false)
    expect(findSteadyState(noisy(10, () => 100)).steady).toBe(false)
    expect(findSteadyState(noisy(200, () => 100)).steady).toBe(true)
  })
})

describe('change points', () => {
  test('a step is found where it is, twice, and none where there is none', () => {
    const random = createRandom(1)
    const level = (at: number): number => (at < 20 ? 100 : at < 45 ? 110 : 103)
    const stepped = Array.from({ length: 60 }, (_, at) => level(at) + random.normal())
    const found = findChangePoints(stepped)
    expect(found.map(({ at }) => at)).toEqual([20, 45])
    expect(found[0]?.after).toBeCloseTo(110, 0)
    expect(findChangePoints(Array.from({ length: 60 }, () => 100 + random.normal()))).toEqual([])
  })

  test('Welch: as R says of two small samples', () => {
    const a = [
      27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4,
    ]
    const b = [
      27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.0,
    ]
    expect(welch(a, b)).toBeLessThan(0.01)
    expect(welch([5, 5], [5, 5])).toBe(1)
  })
})

describe('scalability', () => {
  const truth = { gamma: 1000, alpha: 0.05, beta: 0.004 }
  const measured = (sizes: readonly number[], noise: number): Point[] => {
    const random = createRandom(3)
    return sizes.flatMap((n) =>
      Array.from({ length: 5 }, (): Point => [
        n,
        uslThroughput(truth, n) * (1 + noise * random.normal()),
      ]),
    )
  }

  test('without noise the parameters come back, and the peak', () => {
    const fit = fitUsl(measured([1, 2, 3, 4, 6, 8], 0), createRandom(1))
    if (typeof fit === 'string') throw new Error(fit)
    expect(fit.gamma).toBeCloseTo(1000, 3)
    expect(fit.alpha).toBeCloseTo(0.05, 6)
    expect(fit.beta).toBeCloseTo(0.004, 7)
    expect(fit.peak).toBeCloseTo(Math.sqrt(0.95 / 0.004), 3)
    expect(fit.rSquared).toBeCloseTo(1, 9)
  })

  test('with noise the intervals hold them', () => {
    const fit = fitUsl(measured([1, 2, 3, 4, 5, 8, 16, 24], 0.02), createRandom(1))
    if (typeof fit === 'string') throw new Error(fit)
    for (const name of ['gamma', 'alpha', 'beta'] as const) {
      expect(fit.intervals[name].low).toBeLessThanOrEqual(truth[name])
      expect(fit.intervals[name].high).toBeGreaterThanOrEqual(truth[name])
    }
  })

  test('α and β are never negative, even where throughput rises more than it can', () => {
    const fit = fitUsl(
      [1, 2, 3, 4, 5].map((n): Point => [n, 100 * n ** 1.3]),
      createRandom(1),
    )
    if (typeof fit === 'string') throw new Error(fit)
    expect([fit.alpha, fit.beta, fit.peak]).toEqual([0, 0, null])
  })

  test('three sizes are refused: nothing would be left to check the fit by', () => {
    expect(fitUsl(measured([1, 3, 5], 0.01), createRandom(1))).toContain('at least 4')
  })
})

test('a median of an even number lies between its neighbors', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
})
