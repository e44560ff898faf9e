import { describe, expect, test } from 'bun:test'
import { cacheClassOf } from './cache-class.ts'

const said = (...lines: string[]) =>
  cacheClassOf(`HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`)

describe('what a server says of its cache', () => {
  test('Cache-Status: the nearest cache counts, which is the last', () => {
    expect(said('Cache-Status: "a, b"; fwd=miss, edge; hit; ttl=30')).toBe('hit')
    expect(said('Cache-Status: origin; hit, edge; fwd=uri-miss; stored')).toBe('miss')
    expect(said('Cache-Status: edge; hit; ttl=-5')).toBe('stale')
    expect(said('Cache-Status: edge; fwd=stale')).toBe('miss')
    expect(said('Cache-Status: edge; fwd=bypass')).toBe('bypass')
    expect(said('Cache-Status: edge')).toBe('unknown')
  })

  test('older headers', () => {
    expect(said('X-Cache: HIT')).toBe('hit')
    expect(said('X-Cache: TCP_MISS from cache')).toBe('miss')
    expect(said('x-cache: Miss from cloudfront')).toBe('miss')
    expect(said('CF-Cache-Status: DYNAMIC')).toBe('bypass')
    expect(said('X-Cache: STALE')).toBe('stale')
    expect(said('Age: 12')).toBe('hit')
  })

  test('silence is unknown, never a guess', () => {
    expect(said('Age: 0')).toBe('unknown')
    expect(said('Content-Type: text/plain')).toBe('unknown')
    expect(said('X-Cache: whatever')).toBe('unknown')
  })
})
