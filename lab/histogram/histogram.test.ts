import { describe, expect, test } from 'bun:test'
import type { IProperty } from 'fast-check'
import { array, assert, integer, property } from 'fast-check'
import { build } from 'hdr-histogram-js'
import { createRandom } from '../core/index.ts'
import { backfill } from './backfill.ts'
import { VALUE_MAX } from './cells.ts'
import { COARSE_BITS, createHistogram, histogramFrom, mergeHistograms } from './histogram.ts'
import { supportedQuantile, valuesNeeded } from './supported.ts'

const SHARES = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1]
const values = array(integer({ min: 0, max: VALUE_MAX }), { minLength: 1, maxLength: 300 })

function holds<Given>(rule: IProperty<Given>): void {
  assert(rule, { seed: 20_260_101, numRuns: 200 })
}

function filled(from: readonly number[], bits?: number) {
  const histogram = createHistogram(bits)
  for (const value of from) histogram.record(value)
  return histogram
}

describe('a histogram', () => {
  test('every quantile is within 0.1 % of the value at its rank', () => {
    holds(
      property(values, (sample) => {
        const histogram = filled(sample)
        const sorted = sample.toSorted((a, b) => a - b)
        return SHARES.every((share) => {
          const rank = Math.max(1, Math.ceil(share * sorted.length - 1e-9 * sorted.length))
          const exact = sorted[rank - 1]!
          const found = histogram.quantile(share)
          return found >= exact && found <= exact * 1.001
        })
      }),
    )
  })

  test('a higher percentile is never below a lower one, and the last is the maximum', () => {
    holds(
      property(values, (sample) => {
        const histogram = filled(sample, COARSE_BITS)
        const quantiles = SHARES.map((share) => histogram.quantile(share))
        const rising = quantiles.every((value, at) => at === 0 || value >= quantiles[at - 1]!)
        return rising && quantiles.at(-1) === Math.max(...sample)
      }),
    )
  })

  test('merging counts gives what one histogram of all values would give', () => {
    holds(
      property(values, values, (one, other) => {
        const merged = mergeHistograms([filled(one), filled(other)])
        const whole = filled([...one, ...other])
        return JSON.stringify(merged) === JSON.stringify(whole)
      }),
    )
  })

  test('what was written is read back, to the last count', () => {
    holds(
      property(values, (sample) => {
        const written = JSON.stringify(filled(sample))
        return JSON.stringify(histogramFrom(JSON.parse(written))) === written
      }),
    )
    const huge = createHistogram()
    huge.recordMany(1234, 2 ** 40 + 3)
    expect(histogramFrom(huge.toJSON()).count).toBe(2 ** 40 + 3)
  })

  test('agrees with hdr-histogram-js', () => {
    const random = createRandom(42)
    const oracle = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: VALUE_MAX,
      numberOfSignificantValueDigits: 3,
    })
    const ours = createHistogram()
    for (let at = 0; at < 20_000; at += 1) {
      const value = Math.round(Math.exp(7 + 2 * random.normal()))
      ours.record(value)
      oracle.recordValue(value)
    }
    expect(ours.count).toBe(oracle.totalCount)
    expect(ours.maxUs).toBe(oracle.maxValue)
    for (const percentile of [10, 50, 75, 90, 99, 99.9, 99.99]) {
      expect(ours.quantile(percentile / 100)).toBe(oracle.getValueAtPercentile(percentile))
    }
    expect(ours.meanUs / oracle.mean).toBeCloseTo(1, 3)
  })

  test('what is longer than ten minutes counts as ten minutes, and is told', () => {
    const histogram = filled([5, VALUE_MAX + 1, Number.POSITIVE_INFINITY])
    expect(histogram.count).toBe(3)
    expect(histogram.maxUs).toBe(VALUE_MAX)
    expect(histogram.overflow).toBe(2)
  })

  test('counts what lies above a value', () => {
    const histogram = filled([1, 10, 100, 1000])
    expect(histogram.countAbove(10)).toBe(2)
    expect(histogram.countAbove(-1)).toBe(4)
    expect(histogram.countAbove(1000)).toBe(0)
  })

  test('a fine histogram is not made up from a coarse one', () => {
    const coarse = filled([3000, 5000], COARSE_BITS)
    expect(() => createHistogram().add(coarse)).toThrow(RangeError)
    const mixed = createHistogram(COARSE_BITS)
    mixed.add(filled([3000, 5000]))
    expect(mixed.toJSON()).toEqual(coarse.toJSON())
  })

  test('damaged data is refused', () => {
    const data = filled([7, 900_000]).toJSON()
    expect(() => histogramFrom({ ...data, cells: '/////w==' })).toThrow(RangeError)
    expect(() => histogramFrom({ ...data, cells: 'AA==' })).toThrow(RangeError)
    expect(() => histogramFrom({ ...data, subBucketBits: 40 })).toThrow(RangeError)
  })
})

describe('published percentiles', () => {
  test('p99 needs 1,000 values, p99.9 needs 10,000, the median ten', () => {
    expect([0.5, 0.9, 0.99, 0.999, 1].map(valuesNeeded)).toEqual([10, 100, 1000, 10_000, 1])
    const histogram = createHistogram()
    histogram.recordMany(5, 999)
    expect(supportedQuantile(histogram, 0.99)).toEqual({
      valueUs: null,
      insufficient: 'p99 needs 1000 values, there are 999',
    })
    histogram.record(5)
    expect(supportedQuantile(histogram, 0.99).valueUs).toBe(5)
  })
})

describe('back-filling', () => {
  test('adds the requests that a waiting user held back', () => {
    const seen = createHistogram()
    seen.recordMany(1000, 99)
    seen.record(10_000)
    const estimated = backfill(seen, 2000)
    expect(estimated.count).toBe(100 + 4)
    expect(estimated.maxUs).toBe(10_000)
    expect(estimated.quantile(0.99)).toBeGreaterThan(7900)
  })
})
