import { expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import { createSparse } from './sparse.ts'

test('lets one in a second through, and tells how many were not', () => {
  const clock = createManualClock()
  const sparse = createSparse(clock)
  const times = (key: string, count: number): (number | undefined)[] =>
    Array.from({ length: count }, () => sparse(key))
  expect(times('a', 4)).toEqual([0, undefined, undefined, undefined])
  expect(times('b', 2)).toEqual([0, undefined])
  clock.advance(999)
  expect(sparse('a')).toBeUndefined()
  clock.advance(1)
  expect(times('a', 2)).toEqual([4, undefined])
  clock.advance(60_000)
  expect([sparse('a'), sparse('b'), sparse('c')]).toEqual([1, 1, 0])
})

test('remembers no more keys than its bound', () => {
  const sparse = createSparse(createManualClock())
  for (let at = 0; at < 1024; at++) expect(sparse(`key ${at}`)).toBe(0)
  expect(sparse('key 0')).toBeUndefined()
  expect(sparse('one more')).toBe(0)
  expect(sparse('key 0')).toBe(0)
})
