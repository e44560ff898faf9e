import { describe, expect, test } from 'bun:test'
import { LabError, createRandom } from '../../core/index.ts'
import type { ArrivalKind } from './arrivals.ts'
import { createArrivals } from './arrivals.ts'
import type { Profile } from './profile.ts'
import { arrivalsOf, checkProfile, levelAt, peakOf, profileMs } from './profile.ts'
import { SHAPES } from './shapes.ts'

function planOf(
  profile: Profile,
  kind: ArrivalKind,
  seed = 1,
  share = { index: 0, count: 1 },
): number[] {
  const next = createArrivals(profile, kind, createRandom(seed), share)
  const moments: number[] = []
  for (let at = next(); at < Infinity; at = next()) moments.push(at)
  return moments
}

describe('arrivals', () => {
  test('constant ones are evenly apart', () => {
    const plan = planOf(SHAPES.steady({ level: 100, durationMs: 1000 }), 'constant')
    expect(plan).toHaveLength(100)
    for (const [at, moment] of plan.entries()) expect(moment).toBeCloseTo(5 + at * 10, 6)
  })

  test('Poisson gaps have the mean of the rate and a standard deviation as large as it', () => {
    const plan = planOf(SHAPES.steady({ level: 1000, durationMs: 50_000 }), 'poisson')
    const gaps = plan.slice(1).map((moment, at) => moment - plan[at]!)
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
    expect(mean).toBeCloseTo(1, 1)
    expect(Math.sqrt(variance)).toBeCloseTo(1, 1)
  })

  test('a ramp has as many in each part as its rate says', () => {
    const plan = planOf(SHAPES.ramp({ level: 1000, durationMs: 10_000 }), 'constant')
    expect(plan).toHaveLength(5000)
    expect(plan.filter((moment) => moment < 5000)).toHaveLength(1250)
    expect(plan.every((moment, at) => at === 0 || moment >= plan[at - 1]!)).toBe(true)
  })

  test('workers share one plan: together they have exactly its moments', () => {
    const profile = SHAPES.burst({ level: 500, durationMs: 3000 })
    for (const kind of ['poisson', 'constant'] as const) {
      const shared = [0, 1, 2].flatMap((index) => planOf(profile, kind, 7, { index, count: 3 }))
      expect(shared.toSorted((a, b) => a - b)).toEqual(planOf(profile, kind, 7))
    }
  })
})

describe('shapes', () => {
  test('each lasts as long as asked and stays within its levels', () => {
    for (const shape of Object.values(SHAPES)) {
      const profile = shape({ level: 120, durationMs: 7000, base: 20 })
      expect(profileMs(profile)).toBeCloseTo(7000, 6)
      expect(peakOf(profile)).toBeGreaterThanOrEqual(119)
      expect(peakOf(profile)).toBeLessThanOrEqual(180)
      expect(planOf(profile, 'constant').length).toBe(Math.round(arrivalsOf(profile)))
    }
  })

  test('a spike is in the middle, stairs rise, a wave comes back', () => {
    const options = { level: 100, durationMs: 1000, base: 10 }
    expect(levelAt(SHAPES.spike(options), 500)).toBe(100)
    expect(levelAt(SHAPES.spike(options), 100)).toBe(10)
    expect([50, 950].map((at) => levelAt(SHAPES.stairs(options), at))).toEqual([28, 100])
    expect(levelAt(SHAPES.sine({ ...options, count: 1 }), 500)).toBeCloseTo(100, 6)
    expect(levelAt(SHAPES.sine({ ...options, count: 1 }), 999.99)).toBeCloseTo(10, 0)
    expect(levelAt(SHAPES.steady(options), 2000)).toBe(0)
  })

  test('what is empty, endless or too much is refused', () => {
    expect(() => checkProfile([], 10)).toThrow(LabError)
    expect(() => checkProfile(SHAPES.steady({ level: 0, durationMs: 10 }), 10)).toThrow(LabError)
    expect(() => checkProfile(SHAPES.steady({ level: 11, durationMs: 10 }), 10)).toThrow(
      'exceed 10',
    )
    expect(() => checkProfile(SHAPES.steady({ level: 1, durationMs: 1e12 }), 10)).toThrow(
      'seven days',
    )
  })
})
