import { expect, test } from 'bun:test'
import { createSeededRandom } from '../../src/core/random.ts'
import { pooledDifference } from './pooled.ts'

/** So many values, a share of them slow. */
const slice = (slowShare: number, slowMs: number, count = 1000): Float64Array =>
  Float64Array.from({ length: count }, (_, at) => (at < slowShare * count ? slowMs : 1))

test('a difference that all blocks have is found, with an interval of no width', () => {
  const pairs = Array.from({ length: 10 }, () => ({
    base: [slice(0.02, 5), slice(0.02, 5)],
    arm: [slice(0.02, 7), slice(0.02, 7)],
  }))
  expect(pooledDifference(pairs, 0.99, createSeededRandom(1))).toEqual({
    value: 2,
    low: 2,
    high: 2,
  })
  expect(pooledDifference(pairs, 0.5, createSeededRandom(1))).toEqual({ value: 0, low: 0, high: 0 })
})

test('pauses of a server that fall into few of its slices still count, and make the interval wide', () => {
  const pairs = Array.from({ length: 10 }, (_, block) => ({
    base: [slice(0, 0)],
    arm: [slice(block < 2 ? 0.06 : 0, 4)],
  }))
  const { value, low, high } = pooledDifference(pairs, 0.99, createSeededRandom(1))
  expect({ value, low, high }).toEqual({ value: 3, low: 0, high: 3 })
})

test('a block with more requests weighs more', () => {
  const pairs = [
    { base: [slice(0, 0)], arm: [slice(0.5, 9, 1000)] },
    { base: [slice(0, 0)], arm: [slice(0, 0, 100_000)] },
  ]
  expect(pooledDifference(pairs, 0.99, createSeededRandom(1)).value).toBe(0)
})
