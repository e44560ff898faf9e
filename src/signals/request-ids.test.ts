import { describe, expect, test } from 'bun:test'
import { createSeededRandom } from '../core/random.ts'
import { createRequestIds } from './request-ids.ts'

describe('request ids', () => {
  test('differ from each other, and from those of other processes', () => {
    const [a, b] = [
      createRequestIds(createSeededRandom(1)),
      createRequestIds(createSeededRandom(2)),
    ]
    const ids = Array.from({ length: 5000 }, () => [a.next().text, b.next().text]).flat()
    expect(new Set(ids).size).toBe(10_000)
  })

  test('would themselves be accepted from a trusted hop', () => {
    const ids = createRequestIds(createSeededRandom(1))
    for (let at = 0; at < 3000; at++) {
      const id = ids.next().text
      expect(ids.accept(id, true).text).toBe(id)
    }
  })

  test('from outside are taken over only when trusted and well-formed', () => {
    const ids = createRequestIds(createSeededRandom(1))
    expect(ids.accept('upstream-id-1', true).text).toBe('upstream-id-1')
    expect(ids.accept('upstream-id-1', false).text).not.toBe('upstream-id-1')
    for (const bad of [
      null,
      '',
      'short',
      'x'.repeat(65),
      'has space',
      'quote"quote',
      'line\nfeed',
      'ümlaut-id',
    ]) {
      expect(ids.accept(bad, true).text).toMatch(/^[0-9a-z]+-[0-9a-z]+$/)
    }
  })
})
