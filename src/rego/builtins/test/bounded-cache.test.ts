import { expect, test } from 'bun:test'
import { boundedCache } from '../bounded-cache.ts'

test('a bounded cache forgets what was used longest ago', () => {
  const computed: string[] = []
  const cached = boundedCache(2, (key) => {
    computed.push(key)
    return { key }
  })
  const a = cached('a')
  cached('b')
  expect(cached('a')).toBe(a)
  cached('c')
  expect(cached('a')).toBe(a)
  cached('b')
  expect(computed).toEqual(['a', 'b', 'c', 'b'])
})
