/**
 * The cost of limits for a request: nanoseconds for a take of two limits with up to 100,000
 * callers in random order, for the headers, and for the ban check. Run: `bun bench/limits.ts`.
 */
import { anonymousCaller, newCaller } from '../src/core/caller.ts'
import type { Caller } from '../src/core/caller.ts'
import { systemClock } from '../src/core/clock.ts'
import { createIdFactory } from '../src/core/ids.ts'
import { systemRandom } from '../src/core/random.ts'
import {
  bansCollection,
  bansConfig,
  createBans,
  createLimiter,
  limitsConfig,
} from '../src/limits/index.ts'
import type { LimitPlan } from '../src/limits/index.ts'
import { createMemoryBus, createMemoryCounters, createMemoryRecords } from '../src/storage/index.ts'

const START_MS = 1_767_225_600_000
const ROUNDS = 5
const TAKES = 300_000

const limits = limitsConfig.parse({
  wide: { kind: 'bucket', limit: 1_000_000, window: '1m' },
  long: { kind: 'calendar', limit: 100_000_000, window: 'day' },
  street: { kind: 'bucket', limit: 1_000_000, window: '1m', by: 'address' },
  pair: { kind: 'bucket', limit: 1_000_000, window: '1m', by: ['tenant', 'address'] },
})

const order = Uint32Array.from({ length: TAKES }, (_, at) => Math.imul(at, 2_654_435_761) >>> 0)

function best(work: () => void): number {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    work()
    least = Math.min(least, ((performance.now() - began) * 1e6) / TAKES)
  }
  return least
}

function callersOf(count: number): readonly Caller[] {
  return Array.from({ length: count }, (_, at) =>
    newCaller({
      ...anonymousCaller,
      kind: 'key',
      id: `key_${at.toString(36).padStart(22, '0')}`,
      tenantId: `ten_${at % 100}`,
    }),
  )
}

function measure(names: readonly string[], count: number, withHeaders: boolean): number {
  const counters = createMemoryCounters()
  const limiter = createLimiter({ limits, counters, clock: systemClock })
  const plan: LimitPlan = limiter.prepare({ limits: names, cost: 1, routeId: 'route' })
  const callers = callersOf(count)
  let length = 0
  const run = (): void => {
    for (let at = 0; at < TAKES; at++) {
      const caller = callers[order[at]! % count]!
      const ticket = plan.take('203.0.113.7', caller, START_MS + (at >> 8))
      if (ticket instanceof Promise) throw new Error('expected an answer at once')
      if (withHeaders) length += plan.rateLimit(ticket).length
    }
  }
  run()
  const ns = best(run)
  if (length < 0) throw new Error('unreachable')
  return ns
}

async function measureBans(count: number): Promise<number> {
  const bans = createBans({
    config: bansConfig.parse({}),
    records: createMemoryRecords({ collections: [bansCollection], clock: systemClock }),
    bus: createMemoryBus(),
    clock: systemClock,
    ids: createIdFactory(systemClock, systemRandom),
  })
  for (let at = 0; at < count; at++) {
    await bans.ban({
      kind: 'address',
      subject: at % 2 === 0 ? `10.1.${at >> 8}.${at & 255}` : `10.2.${at & 255}.0/24`,
      reason: 'bench',
      bannedBy: 'bench',
    })
  }
  let hits = 0
  const ns = best(() => {
    for (let at = 0; at < TAKES; at++) {
      if (bans.check('203.0.113.7', START_MS) !== undefined) hits++
    }
  })
  if (hits > 0) throw new Error('nobody there is banned')
  return ns
}

for (const count of [1_000, 100_000]) {
  for (const names of [['wide'], ['wide', 'long'], ['street', 'long'], ['pair', 'long']]) {
    const plain = measure(names, count, false)
    const headers = measure(names, count, true)
    const label = `${names.join(' + ')}, ${count} callers`
    process.stdout.write(
      `${label}: take ${plain.toFixed(0)} ns, RateLimit +${(headers - plain).toFixed(0)} ns\n`,
    )
  }
}
for (const count of [0, 1_000]) {
  process.stdout.write(`ban check, ${count} bans: ${(await measureBans(count)).toFixed(1)} ns\n`)
}
