import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createSeededRandom } from '../core/random.ts'
import { createTextHash } from './text-hash.ts'

/** How many of the texts share their hash with another. */
function collisions(texts: readonly string[], seed = 1): number {
  const hash = createTextHash(createSeededRandom(seed))
  return texts.length - new Set(texts.map(hash)).size
}

const COUNT = 20_000
/** All texts of `length` characters taken from two. */
const binary = (zero: string, one: string, length: number): string[] =>
  Array.from({ length: 2 ** length }, (_, at) =>
    at.toString(2).padStart(length, '0').replaceAll('0', zero).replaceAll('1', one),
  )

describe('the hash of keys', () => {
  test('gives the same text the same 32 bits', () => {
    const hash = createTextHash(createSeededRandom(3))
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(hash(text)).toBe(hash(`${text} `.slice(0, -1)))
        expect(hash(text) | 0).toBe(hash(text))
      }),
    )
  })

  test('depends on the seed', () => {
    const [a, b] = [1, 2].map((seed) => createTextHash(createSeededRandom(seed)))
    expect(a?.('key')).not.toBe(b?.('key'))
  })

  // By chance, 20,000 texts in 2³² hashes collide 0.05 times, and 16,384 fewer.
  test.each([
    ['counting', Array.from({ length: COUNT }, (_, at) => `GET|https://example.org/items/${at}`)],
    ['zeroes of any length', Array.from({ length: 2000 }, (_, at) => '\0'.repeat(at))],
    ['one bit in each character', binary('a', '!', 14)],
    ['one bit in every fourth', binary('abcd', '!bcd', 14)],
    ['one bit in the second of four', binary('abcd', 'a"cd', 14)],
    ['the highest bit', binary('\u0001', '\u8001', 14)],
    ['the highest bit of words', binary('a\u0001', 'a\u8001', 14)],
    ['two bits that cancel', binary('a\u0000b\u0000', 'a\u8000b\u8001', 14)],
  ])('spreads texts that differ by %s', (_, texts) => {
    for (const seed of [1, 2, 3, 4]) expect(collisions(texts, seed)).toBeLessThanOrEqual(2)
  })

  test('fills 4096 buckets evenly', () => {
    const hash = createTextHash(createSeededRandom(5))
    const buckets = new Uint32Array(4096)
    for (let at = 0; at < 65_536; at++) buckets[hash(`tenant-${at % 7}|user-${at}`) & 4095]!++
    expect(Math.max(...buckets)).toBeLessThan(48)
  })
})
