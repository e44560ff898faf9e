import { describe, expect, test } from 'bun:test'
import { raceInProcess } from '../../bench/cache-race/in-process.ts'
import { raceOverRedis } from '../../bench/cache-race/over-redis.ts'
import { hasRedisServer } from '../../src/storage/redis/redis-server.fixture.ts'

/** Revocations against loads in flight; longer runs are `bench/cache-race.ts`. */

/** An ALLOW that is given later than this after the revocation counts as stale. */
const BOUND_MS = 1000

test('a revocation overtakes every load in flight, by key, tag and tenant', async () => {
  const report = await raceInProcess(2000)
  expect(report.staleAllows).toBe(0)
  expect(report.overtaken).toBeGreaterThan(300)
})

describe.skipIf(!hasRedisServer)('three instances over Redis', () => {
  const options = { instances: 3, atOnce: 16, silenceMs: 500, boundMs: BOUND_MS }

  test('refuse what was revoked within a second, and never allow it again', async () => {
    const report = await raceOverRedis({ ...options, rounds: 200 })
    expect(report.staleAllows).toBe(0)
    // Whoever has no turn for a second tells others late, says so, and is among those who refuse.
    expect(report.untold).toBeLessThan(report.rounds)
    // Entries were shared, so they could have come back.
    for (const counts of report.counts) expect(counts['levelHits']).toBeGreaterThan(0)
  }, 60_000)

  test('the same with Redis killed and started again in the middle', async () => {
    const report = await raceOverRedis({ ...options, rounds: 150, killForMs: 1500 })
    expect(report.staleAllows).toBe(0)
    for (const counts of report.counts) expect(counts['silences']).toBeGreaterThan(0)
  }, 60_000)
})
