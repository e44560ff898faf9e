import { describe, expect, test } from 'bun:test'
import { createScale, niceDomain } from './scale.ts'

describe('scales', () => {
  test('a linear scale maps its ends, and its ticks are round', () => {
    const scale = createScale({ label: 'x', unit: 'count' }, [0, 100], [50, 250])
    expect([scale.at(0), scale.at(50), scale.at(100)]).toEqual([50, 150, 250])
    expect(scale.ticks.map(({ value }) => value)).toEqual([0, 20, 40, 60, 80, 100])
  })

  test('a logarithmic scale gives each decade the same width and survives zero', () => {
    const scale = createScale({ label: 'x', unit: 'count', scale: 'log' }, [1, 10_000], [0, 400])
    expect(scale.at(100) - scale.at(10)).toBeCloseTo(100)
    expect(scale.at(0)).toBe(0)
    expect(scale.ticks.map(({ value }) => value)).toEqual([1, 10, 100, 1000, 10_000])
  })

  test('a percentile scale gives each nine the same width', () => {
    const axis = { label: 'p', unit: 'share', scale: 'percentile' } as const
    const scale = createScale(axis, [0, 0.999], [0, 300])
    expect(scale.at(0.99) - scale.at(0.9)).toBeCloseTo(100)
    expect(scale.ticks.map(({ label }) => label)).toEqual(['p0', 'p50', 'p90', 'p99', 'p99.9'])
  })

  test('a domain without a span still has one', () => {
    for (const value of [0, 5, -5]) {
      const [low, high] = niceDomain(value, value)
      expect(high).toBeGreaterThan(low)
    }
    expect(niceDomain(3, 97)).toEqual([0, 100])
  })
})
