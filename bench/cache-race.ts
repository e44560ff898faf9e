/**
 * Races revocations against loads in flight: in one process, in three over one Redis, and in three while
 * Redis is killed and started again. Exits with status 1 if any ALLOW was stale.
 *
 *     node bin/bun.mjs bench/cache-race.ts --rounds 10000 --json
 */
import { parseArgs } from 'node:util'
import { raceInProcess } from './cache-race/in-process.ts'
import type { SharedRaceReport } from './cache-race/over-redis.ts'
import { raceOverRedis } from './cache-race/over-redis.ts'

const BOUND_MS = 1000
const SILENCE_MS = 500
const AT_ONCE = 16

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const shared = { instances: 3, atOnce: AT_ONCE, silenceMs: SILENCE_MS, boundMs: BOUND_MS }
const report = {
  oneInstance: await raceInProcess(rounds),
  threeOverRedis: await raceOverRedis({ ...shared, rounds }),
  threeWithRedisKilled: await raceOverRedis({
    ...shared,
    rounds: Math.ceil(rounds / 5),
    killForMs: 2000,
  }),
}

const describe = (name: string, { revokedWithinMs, ...race }: SharedRaceReport): string => {
  const { p50, p99, max } = revokedWithinMs
  return `${name}: ${race.rounds} rounds, ${race.staleAllows} stale; revoked everywhere within ${p50} ms (p50), ${p99} ms (p99), ${max} ms (max); ${race.untold} publishers could not be told`
}

if (values.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
else {
  const { oneInstance, threeOverRedis, threeWithRedisKilled } = report
  process.stdout.write(
    [
      `one instance: ${oneInstance.rounds} rounds, ${oneInstance.staleAllows} stale, ${oneInstance.overtaken} loads overtaken`,
      describe('three instances over Redis', threeOverRedis),
      describe('three instances, Redis killed and started again', threeWithRedisKilled),
      '',
    ].join('\n'),
  )
}
const stale = Object.values(report).reduce((sum, { staleAllows }) => sum + staleAllows, 0)
process.exit(stale === 0 ? 0 : 1)
