import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { createLayerTimings } from './layer-timings.ts'
import { LogLinearHistogram } from './log-linear.ts'

const durations = fc.array(fc.double({ min: 0, max: 2 ** 39, noNaN: true }), {
  minLength: 1,
  maxLength: 200,
})

function filled(values: readonly number[]): LogLinearHistogram {
  const histogram = new LogLinearHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

describe('a log-linear histogram', () => {
  test('gives quantiles at most 6.25 % above the true ones, and never below', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, quantile) => {
        const sorted = values.toSorted((a, b) => a - b)
        const exact = Math.trunc(sorted[Math.max(1, Math.ceil(quantile * values.length)) - 1] ?? 0)
        const found = filled(values).quantileNs(quantile)
        expect(found).toBeGreaterThanOrEqual(exact)
        expect(found).toBeLessThanOrEqual(Math.max(exact * 1.0625 + 1, exact + 1))
      }),
    )
  })

  test('counts exactly below powers of two', () => {
    fc.assert(
      fc.property(durations, fc.integer({ min: 4, max: 39 }), (values, power) => {
        const below = values.filter((value) => Math.trunc(value) < 2 ** power).length
        expect(filled(values).countBelow(power)).toBe(below)
      }),
    )
  })

  test('is the same after being sent elsewhere, and adds up', () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const sum = filled(a)
        sum.add(JSON.parse(JSON.stringify(filled(b).state())) as ReturnType<typeof sum.state>)
        const both = filled([...a, ...b])
        expect(sum.state().slots).toEqual(both.state().slots)
        expect([sum.count, sum.maxNs]).toEqual([both.count, both.maxNs])
        expect(sum.quantileNs(0.9)).toBe(both.quantileNs(0.9))
      }),
    )
  })

  test('takes what a clock may give: negative, endless, no number', () => {
    const histogram = filled([-5, 2 ** 60, 2 ** 31, 2 ** 32 + 1])
    expect(histogram.count).toBe(4)
    expect(histogram.quantileNs(0.25)).toBe(0)
    expect(new LogLinearHistogram().quantileNs(0.99)).toBe(0)
  })
})

describe('layer timings', () => {
  test('ask for one request in N, the first included', () => {
    const timings = createLayerTimings(['a'], 4)
    const sampled = Array.from({ length: 9 }, () => timings.sample())
    expect(sampled.map(Number)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1])
  })
})
