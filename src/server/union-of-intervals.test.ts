import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Interval } from './union-of-intervals.fixture.ts'
import { lengthMs, unionWith } from './union-of-intervals.fixture.ts'

const between = (fromMs: number, untilMs: number): Interval => ({ fromMs, untilMs })
const unionOf = (all: readonly Interval[]): readonly Interval[] =>
  all.reduce<readonly Interval[]>(unionWith, [])

test('what several intervals share counts once', () => {
  expect(unionOf([between(0, 10), between(0, 10), between(4, 12)])).toEqual([between(0, 12)])
  expect(lengthMs(unionOf([between(0, 10), between(0, 10), between(4, 12)]))).toBe(12)
})

test('what lies between intervals does not count, until one covers it', () => {
  const apart = unionOf([between(20, 30), between(0, 10)])
  expect(apart).toEqual([between(0, 10), between(20, 30)])
  expect(lengthMs(apart)).toBe(20)
  expect(unionWith(apart, between(5, 25))).toEqual([between(0, 30)])
})

test('an interval of no length, or of less than none, adds nothing', () => {
  expect(unionOf([between(5, 5), between(9, 3)])).toEqual([])
})

test('the union of whole milliseconds holds each millisecond that an interval holds, once', () => {
  const intervals = fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
      .map(([fromMs, ms]) => between(fromMs, fromMs + ms)),
  )
  fc.assert(
    fc.property(intervals, (all) => {
      const held = Array.from({ length: 100 }, (_, ms) => ms).filter((ms) =>
        all.some(({ fromMs, untilMs }) => fromMs <= ms && ms < untilMs),
      )
      const union = unionOf(all)
      expect(lengthMs(union)).toBe(held.length)
      for (const [at, { fromMs, untilMs }] of union.entries()) {
        expect(untilMs).toBeGreaterThan(fromMs)
        if (at > 0) expect(fromMs).toBeGreaterThan(union[at - 1]!.untilMs)
      }
    }),
  )
})
