import { describe, expect, test } from 'bun:test'
import type { Name, ResponseStats } from '../cache/index.ts'
import { everyResponse, pathName, surrogateName, urlName } from '../cache/index.ts'
import { createCacheControl } from './cache-control.ts'

const stats = (hit: number, notStored: Readonly<Record<string, number>>): ResponseStats => ({
  hit,
  stale: 0,
  miss: 1,
  revalidated: 0,
  bypass: 0,
  stored: 1,
  storedBytes: 10,
  notStored,
  invalidations: 0,
  waiting: 0,
  entries: 1,
  bytes: 10,
})

function setUp() {
  const purged: Name[] = []
  const control = createCacheControl({
    caches: () => ({
      invalidate: (name) => void purged.push(name),
      settled: async () => undefined,
      stats: () => stats(0, { private: 1 }),
    }),
    workers: async () => [stats(2, { private: 2, vary: 1 }), undefined, stats(3, {})],
  })
  return { control, purged }
}

describe('purging', () => {
  test('takes URLs as clients write them: default ports and capitals in hosts do not matter', () => {
    const { control, purged } = setUp()
    expect(control.purge('url', 'https://API.example.com:443/a%20b?x=1')).toBe(true)
    expect(control.purge('path', 'http://api.example.com/a?x=1')).toBe(true)
    expect(control.purge('key', 'k')).toBe(true)
    expect(control.purge('all', undefined)).toBe(true)
    expect(purged).toEqual([
      urlName({ host: 'api.example.com', target: '/a%20b?x=1' }),
      pathName({ host: 'api.example.com', target: '/a' }),
      surrogateName('k'),
      everyResponse,
    ])
  })

  test('takes nothing else, and then forgets nothing', () => {
    const { control, purged } = setUp()
    for (const [kind, subject] of [
      ['url', '/a'],
      ['url', 'ftp://a/b'],
      ['url', undefined],
      ['key', undefined],
      ['all', 'x'],
    ] as const) {
      expect(control.purge(kind, subject)).toBe(false)
    }
    expect(purged).toEqual([])
  })
})

test('statistics are those of all processes together', async () => {
  const { control } = setUp()
  expect(await control.stats()).toMatchObject({
    hit: 5,
    miss: 3,
    entries: 3,
    notStored: { private: 3, vary: 1 },
  })
})
