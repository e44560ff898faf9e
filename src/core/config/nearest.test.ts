import { expect, test } from 'bun:test'
import { assert, property, string } from 'fast-check'
import { editDistance, nearest } from './nearest.ts'

test('the distance counts insertions, removals, changes and swapped neighbors as one', () => {
  expect(editDistance('upstream', 'upstream')).toBe(0)
  expect(editDistance('upstrem', 'upstream')).toBe(1)
  expect(editDistance('upstraem', 'upstream')).toBe(1)
  expect(editDistance('kitten', 'sitting')).toBe(3)
  expect(editDistance('', 'abc')).toBe(3)
})

test('the distance is symmetric and at most the longer length', () => {
  assert(
    property(string({ maxLength: 12 }), string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b)
      expect(distance).toBe(editDistance(b, a))
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      expect(distance === 0).toBe(a === b)
    }),
  )
})

test('the nearest name is offered only when it is near', () => {
  expect(nearest('upstrem', ['routes', 'upstream'])).toBe('upstream')
  expect(nearest('body_max', ['bodyMax'])).toBe('bodyMax')
  expect(nearest('ports', ['routes', 'storage'])).toBeUndefined()
  expect(nearest('', ['a'])).toBeUndefined()
  expect(nearest('x'.repeat(100_000), ['y'.repeat(100_000)])).toBeUndefined()
})
