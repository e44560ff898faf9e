import { describe, expect, test } from 'bun:test'
import { createRandom } from './random.ts'

describe('createRandom', () => {
  test('the same seed gives the same sequence, another seed another', () => {
    const draw = (seed: number) => {
      const random = createRandom(seed)
      return Array.from({ length: 8 }, () => random.next())
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  test('a fork does not depend on what was drawn before', () => {
    const early = createRandom(3).fork('arrivals').next()
    const random = createRandom(3)
    random.next()
    expect(random.fork('arrivals').next()).toBe(early)
    expect(random.fork('users').next()).not.toBe(early)
  })

  test('moments are those of the distributions', () => {
    const random = createRandom(11)
    const count = 100_000
    const mean = (draw: () => number) => {
      let sum = 0
      for (let at = 0; at < count; at += 1) sum += draw()
      return sum / count
    }
    expect(mean(() => random.next())).toBeCloseTo(0.5, 2)
    expect(mean(() => random.exponential())).toBeCloseTo(1, 1)
    expect(mean(() => random.normal())).toBeCloseTo(0, 1)
    expect(mean(() => random.normal() ** 2)).toBeCloseTo(1, 1)
    expect(mean(() => random.below(10))).toBeCloseTo(4.5, 1)
  })

  test('a shuffle keeps every item', () => {
    const items = Array.from({ length: 50 }, (_, at) => at)
    const shuffled = createRandom(5).shuffle([...items])
    expect(shuffled).not.toEqual(items)
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items)
  })
})
