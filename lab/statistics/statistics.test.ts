import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import * as oracle from 'simple-statistics'
import type { Random } from '../core/index.ts'
import { createRandom } from '../core/index.ts'
import {
  alikeness,
  bootstrap,
  expandedTail,
  fitThroughOrigin,
  holm,
  labelOutliers,
  mean,
  median,
  medianInterval,
  quantile,
  standardDeviation,
  studentQuantile,
  wideningOf,
  wilson,
} from './index.ts'
import { normalCdf, normalQuantile, studentCdf } from './distributions.ts'
import { logGamma } from './special-functions.ts'
import { variance } from './summary.ts'

const samples = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
  minLength: 3,
  maxLength: 40,
})
const near = (a: number, b: number, relative = 1e-9): boolean =>
  Math.abs(a - b) <= relative * Math.max(1, Math.abs(a), Math.abs(b))

describe('summaries agree with simple-statistics', () => {
  test('mean, variance, median, standard deviation', () => {
    fc.assert(
      fc.property(samples, (values) => {
        expect(near(mean(values), oracle.mean(values))).toBe(true)
        expect(near(variance(values), oracle.sampleVariance(values), 1e-6)).toBe(true)
        expect(near(standardDeviation(values), oracle.sampleStandardDeviation(values), 1e-6)).toBe(
          true,
        )
        expect(median(values)).toBeCloseTo(oracle.median(values), 6)
      }),
    )
  })

  test('the logarithm of the gamma function', () => {
    for (const x of [0.1, 0.5, 1, 1.5, 2, 5, 10.3, 100, 1000]) {
      expect(near(logGamma(x), oracle.gammaln(x), 1e-12)).toBe(true)
    }
  })
})

describe('quantiles', () => {
  test('are those of R (type 7)', () => {
    const values = [15, 20, 35, 40, 50]
    expect([0, 0.05, 0.3, 0.4, 0.5, 1].map((share) => quantile(values, share))).toEqual([
      15, 16, 23, 29, 35, 50,
    ])
  })

  test('never cross and never leave the sample', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const found = quantile(values, share)
        expect(found).toBeGreaterThanOrEqual(Math.min(...values))
        expect(found).toBeLessThanOrEqual(Math.max(...values))
        expect(quantile(values, share / 2)).toBeLessThanOrEqual(found + 1e-6)
      }),
    )
  })
})

describe('distributions are those of the tables', () => {
  test('normal', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 15)
    expect(normalCdf(1.96)).toBeCloseTo(0.9750021048517795, 13)
    expect(normalCdf(-6) / 9.865876450376946e-10).toBeCloseTo(1, 9)
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 10)
    expect(normalQuantile(0.5)).toBeCloseTo(0, 12)
    expect(normalQuantile(1e-9)).toBeCloseTo(-5.997807015007687, 8)
    for (const p of [0.001, 0.2, 0.8, 0.999]) {
      expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 8)
      expect(normalQuantile(p)).toBeCloseTo(oracle.probit(p), 1)
    }
  })

  test('Student', () => {
    expect(studentQuantile(0.975, 1)).toBeCloseTo(12.706204736432095, 6)
    expect(studentQuantile(0.975, 9)).toBeCloseTo(2.2621571627409915, 9)
    expect(studentQuantile(0.995, 30)).toBeCloseTo(2.749995653567031, 9)
    expect(studentCdf(0, 5)).toBeCloseTo(0.5, 14)
    expect(studentCdf(2, 1e7)).toBeCloseTo(normalCdf(2), 6)
  })
})

describe('bootstrap', () => {
  const normalSample = (size: number, seed: number): number[] => {
    const random = createRandom(seed)
    return Array.from({ length: size }, () => 10 + random.normal())
  }

  test('is repeatable, and holds the statistic of the sample', () => {
    const values = normalSample(30, 1)
    const once = bootstrap(values, mean, { random: createRandom(4) })
    expect(bootstrap(values, mean, { random: createRandom(4) })).toEqual(once)
    expect(once.low).toBeLessThan(mean(values))
    expect(once.high).toBeGreaterThan(mean(values))
  })

  test('of a mean it is about as wide as Student says', () => {
    const values = normalSample(60, 2)
    const half = (studentQuantile(0.975, 59) * standardDeviation(values)) / Math.sqrt(60)
    const { low, high } = bootstrap(values, mean, { random: createRandom(9), resamples: 4000 })
    expect((high - low) / (2 * half)).toBeCloseTo(1, 1)
  })

  test('95 % intervals of the mean of 25 hold it in 90 to 98 of 100 samples', () => {
    let held = 0
    const samplesCount = 300
    for (let seed = 0; seed < samplesCount; seed += 1) {
      const interval = bootstrap(normalSample(25, 100 + seed), mean, {
        random: createRandom(seed),
        resamples: 500,
      })
      if (interval.low <= 10 && interval.high >= 10) held += 1
    }
    expect(held / samplesCount).toBeGreaterThan(0.9)
    expect(held / samplesCount).toBeLessThan(0.98)
  })

  test('there is no interval of nothing', () => {
    expect(() => bootstrap([], mean, { random: createRandom(1) })).toThrow(RangeError)
  })

  test('of the mean of a few values holds it in 9 of 10 samples with expanded tails, without them in fewer', () => {
    const held = (size: number, confidence: number): number => {
      const random = createRandom(12)
      const intervals = Array.from({ length: 1000 }, () => {
        const values = Array.from({ length: size }, () => random.normal())
        return bootstrap(values, mean, { random, resamples: 500, confidence })
      })
      return intervals.filter(({ low, high }) => low <= 0 && high >= 0).length / 1000
    }
    for (const size of [5, 10, 20]) {
      expect([size, held(size, 1 - 2 * expandedTail(size)) > 0.89]).toEqual([size, true])
    }
    expect(held(5, 0.95)).toBeLessThan(0.87)
  })
})

describe('intervals of a median', () => {
  const ten = Array.from({ length: 10 }, (_, at) => at + 1)

  test('lie between two pairs of values, by the binomial distribution', () => {
    // 97.9 % from the second to the ninth, 89.1 % from the third to the eighth.
    const { low, high, confidence } = medianInterval(ten, 0.95)
    expect(low).toBeCloseTo(2.6577, 4)
    expect(high).toBeCloseTo(8.3423, 4)
    expect(confidence).toBe(0.95)
    expect(medianInterval(ten, 1002 / 1024)).toMatchObject({ low: 2, high: 9 })
  })

  test('say what they hold where there are too few values for what was asked', () => {
    expect(medianInterval([3, 1, 2, 6, 5, 4], 0.99)).toEqual({
      low: 1,
      high: 6,
      confidence: 1 - 1 / 32,
    })
    expect(medianInterval([7], 0.95)).toEqual({ low: 7, high: 7, confidence: 0 })
    expect(() => medianInterval([], 0.95)).toThrow(RangeError)
  })

  test('hold it as often as they say, of skewed values too', () => {
    for (const size of [8, 10, 21, 40]) {
      const random = createRandom(33)
      const inside = Array.from({ length: 4000 }, () => {
        const values = Array.from({ length: size }, () => random.exponential())
        const { low, high } = medianInterval(values, 0.99)
        return low <= Math.LN2 && Math.LN2 <= high
      })
      const held = inside.filter(Boolean).length / inside.length
      expect([size, held > 0.984 && held < 0.996]).toEqual([size, true])
    }
  })

  test('are not upset by what never ended', () => {
    const values = [1, 2, 3, 4, 5, 6, 7, Infinity, Infinity, Infinity]
    expect(medianInterval(values, 0.95)).toMatchObject({ high: Infinity })
    expect(medianInterval(values, 0.5).high).toBeLessThan(Infinity)
  })
})

describe('neighbors that are alike', () => {
  /** An autoregressive series whose neighbors are so alike. */
  const series = (alike: number, size: number, random: Random): number[] => {
    let level = random.normal()
    return Array.from(
      { length: size },
      () => (level = alike * level + Math.sqrt(1 - alike ** 2) * random.normal()),
    )
  }

  test('are found to be as alike as they are on average, also in short series', () => {
    for (const alike of [0.2, 0.4]) {
      const random = createRandom(31)
      const found = Array.from({ length: 2000 }, () => alikeness(series(alike, 40, random)))
      expect(Math.abs(mean(found) - alike)).toBeLessThan(0.03)
    }
    expect(alikeness(Array.from({ length: 20 }, (_, at) => at % 2))).toBe(0)
    expect(alikeness(Array.from({ length: 20 }, (_, at) => at))).toBe(0.7)
    expect(alikeness(Array.from({ length: 20 }, () => 5))).toBe(1 / 16)
  })

  test('widen an interval of their mean until it holds the truth in 9 of 10 series', () => {
    const held = (alike: number, isWidened: boolean): number => {
      const random = createRandom(32)
      const inside = Array.from({ length: 1000 }, () => {
        const values = series(alike, 20, random)
        const half =
          (studentQuantile(0.975, 19) * standardDeviation(values)) / Math.sqrt(values.length)
        return Math.abs(mean(values)) < half * (isWidened ? wideningOf(alikeness(values), 20) : 1)
      })
      return inside.filter(Boolean).length / inside.length
    }
    for (const alike of [0, 0.3, 0.6])
      expect([alike, held(alike, true) > 0.9]).toEqual([alike, true])
    expect(held(0.6, false)).toBeLessThan(0.75)
  })

  test('that are not alike widen nothing', () => {
    expect(wideningOf(0, 20)).toBe(1)
    expect(wideningOf(0.7, 20)).toBeGreaterThan(Math.sqrt(1.7 / 0.3))
  })
})

describe('shares', () => {
  test('Wilson, as published (Newcombe 1998, 81 of 263 and 0 of 20)', () => {
    const some = wilson(81, 263)
    expect(some.low).toBeCloseTo(0.2553, 4)
    expect(some.high).toBeCloseTo(0.3662, 4)
    const none = wilson(0, 20)
    expect(none.low).toBe(0)
    expect(none.high).toBeCloseTo(0.1611, 4)
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1, confidence: 0.95 })
  })

  test('stay within 0 and 1 and hold the share', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 500 }), (some, trials) => {
        const successes = Math.min(some, trials)
        const { low, high } = wilson(successes, trials)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
        expect(low).toBeLessThanOrEqual(successes / trials)
        expect(high).toBeGreaterThanOrEqual(successes / trials)
      }),
    )
  })
})

describe('lines', () => {
  test('through the origin they recover a slope, and say how much they explain', () => {
    const line = fitThroughOrigin([1, 2, 3, 4].map((x) => [x, 2.5 * x] as const))
    expect(line.slope).toBeCloseTo(2.5, 12)
    expect(line.rSquared).toBeCloseTo(1, 12)
    expect(
      fitThroughOrigin([
        [1, 1],
        [2, -1],
        [3, 1],
      ]).rSquared,
    ).toBeLessThan(0.2)
  })
})

describe('outliers', () => {
  test('are labelled by their distance, on both sides', () => {
    const values = Array.from({ length: 100 }, (_, at) => 100 + (at % 10))
    expect(labelOutliers(values)).toEqual({ lowSevere: 0, lowMild: 0, highMild: 0, highSevere: 0 })
    expect(labelOutliers([...values, 117, 200, 91, 0])).toEqual({
      lowSevere: 1,
      lowMild: 1,
      highMild: 1,
      highSevere: 1,
    })
  })
})

describe('Holm', () => {
  test('as in R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(10)))).toEqual([
      0.03, 0.06, 0.06, 0.02,
    ])
    expect(holm([])).toEqual([])
  })

  test('never makes a probability smaller, keeps the order, stays below 1', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (given) => {
        const adjusted = holm(given)
        for (const [at, p] of given.entries()) {
          expect(adjusted[at]!).toBeGreaterThanOrEqual(p)
          expect(adjusted[at]!).toBeLessThanOrEqual(1)
          for (const [other, q] of given.entries()) {
            if (p < q) expect(adjusted[at]!).toBeLessThanOrEqual(adjusted[other]!)
          }
        }
      }),
    )
  })
})
