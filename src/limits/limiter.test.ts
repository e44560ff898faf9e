import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Caller } from '../core/caller.ts'
import { anonymousCaller, newCaller } from '../core/caller.ts'
import type { ManualClock } from '../core/clock.ts'
import { createManualClock, systemClock } from '../core/clock.ts'
import type { Counters } from '../storage/index.ts'
import {
  COUNTER_ROWS,
  createDurableCounters,
  createMemoryCounters,
  openSqlite,
} from '../storage/index.ts'
import { limitsConfig } from './config.ts'
import { parseFieldList } from './field-list.fixture.ts'
import type { Limiter } from './limiter.ts'
import { createLimiter } from './limiter.ts'
import type { LimitHooks, LimitPlan, Ticket } from './plan.ts'

type Config = z.input<typeof limitsConfig>

const ADDRESS = '203.0.113.7'
const callerOf = (id: string, more: Partial<Caller> = {}): Caller =>
  newCaller({ ...anonymousCaller, kind: 'key', id, tenantId: 'ten_a', ...more })
const ada = callerOf('key_ada')
const bob = callerOf('key_bob')

interface Bench {
  readonly clock: ManualClock
  readonly counters: Counters
  readonly limiter: Limiter
  plan(limits: readonly string[], cost?: number, routeId?: string): LimitPlan
  take(plan: LimitPlan, caller?: Caller, address?: string): Promise<Ticket>
}

function setUp(
  config: Config,
  options: { counters?: Counters; local?: Counters; hooks?: LimitHooks; clock?: ManualClock } = {},
): Bench {
  const clock = options.clock ?? createManualClock()
  const counters = options.counters ?? createMemoryCounters()
  const limits = limitsConfig.parse(config)
  const limiter = createLimiter({ ...options, limits, counters, clock })
  return {
    clock,
    counters,
    limiter,
    plan: (names, cost = 1, routeId = 'route') => limiter.prepare({ limits: names, cost, routeId }),
    take: async (plan, caller = ada, address = ADDRESS) =>
      plan.take(address, caller, clock.nowMs()),
  }
}

async function grantedOf(bench: Bench, plan: LimitPlan, times: number, caller = ada) {
  const tickets = await Promise.all(Array.from({ length: times }, () => bench.take(plan, caller)))
  return tickets.filter((ticket) => ticket.refusal === undefined).length
}

/** The same counters behind a wire: answers come later. */
const remote = (counters: Counters): Counters => ({
  ...counters,
  take: async (claims, nowMs) => {
    await Promise.resolve()
    return counters.take(claims, nowMs)
  },
})

const gone: Counters = {
  ...createMemoryCounters(),
  take: async () => Promise.reject(new Error('connection refused')),
}

const hundred: Config = {
  hundred: { kind: 'bucket', limit: 100, window: '1m' },
  three: { kind: 'sliding', limit: 3, window: '1m' },
  day: { kind: 'calendar', limit: 5, window: 'day' },
}

describe('what ships', () => {
  test('default is 100 a minute, expensive 30 a minute, daily 10,000 a day, per client', async () => {
    const bench = setUp({})
    expect(bench.limiter.list().map(({ name, policy }) => [name, policy])).toEqual([
      ['default', '"default";q=100;w=60'],
      ['expensive', '"expensive";q=30;w=60'],
      ['daily', '"daily";q=10000;w=86400'],
    ])
    expect(await grantedOf(bench, bench.plan(['default']), 150)).toBe(100)
    expect(await grantedOf(bench, bench.plan(['expensive']), 150)).toBe(30)
    expect(await grantedOf(bench, bench.plan(['daily']), 10_500, bob)).toBe(10_000)
  })

  test('a name that is not there and a cost no limit can grant are found before serving', () => {
    const { limiter } = setUp(hundred)
    expect(limiter.problems(['hundred', 'missing'], 1)).toEqual(['no limit is named missing'])
    expect(limiter.problems(['three'], 4)).toHaveLength(1)
    expect(() => limiter.prepare({ limits: ['missing'], cost: 1, routeId: '' })).toThrow(RangeError)
  })

  test('a mistyped limit is refused', () => {
    for (const limit of [
      { kind: 'bucket', limit: 0, window: '1m' },
      { kind: 'bucket', limit: 1.5, window: '1m' },
      { kind: 'bucket', limit: 10, window: 'day' },
      { kind: 'calendar', limit: 10, window: 'day', utcOffset: '+25:00' },
      { kind: 'sliding', limit: 10, window: '1m', burst: 3 },
      { kind: 'concurrency', limit: 10, by: 'planet' },
    ]) {
      expect(limitsConfig.safeParse({ x: limit }).success).toBe(false)
    }
  })
})

describe('exactness', () => {
  test('500 requests at once against a limit of 100 admit exactly 100', async () => {
    for (const counters of [createMemoryCounters(), remote(createMemoryCounters())]) {
      const bench = setUp(hundred, { counters })
      expect(await grantedOf(bench, bench.plan(['hundred']), 500)).toBe(100)
    }
  })

  test('several limits are taken all or none: what one refuses costs the others nothing', async () => {
    const bench = setUp(hundred)
    const both = bench.plan(['hundred', 'three'])
    expect(await grantedOf(bench, both, 50)).toBe(3)
    expect(await grantedOf(bench, bench.plan(['hundred']), 200)).toBe(97)
  })

  test('a request takes its cost of each limit', async () => {
    const bench = setUp(hundred)
    expect(await grantedOf(bench, bench.plan(['hundred'], 30), 10)).toBe(3)
    expect(await grantedOf(bench, bench.plan(['hundred'], 10), 10)).toBe(1)
  })

  test('a refused caller may come back when Retry-After says so, not before', async () => {
    const bench = setUp({ slow: { kind: 'bucket', limit: 60, window: '1m', burst: 2 } })
    const plan = bench.plan(['slow'])
    expect(await grantedOf(bench, plan, 5)).toBe(2)
    const { refusal } = await bench.take(plan)
    expect(refusal?.headers?.['Retry-After']).toBe('1')
    bench.clock.advance(999)
    expect((await bench.take(plan)).refusal?.code).toBe('rate_limited')
    bench.clock.advance(1)
    expect((await bench.take(plan)).refusal).toBeUndefined()
  })

  test('requests in flight are counted until they end, once each, whatever the cost', async () => {
    const bench = setUp({ two: { kind: 'concurrency', limit: 2 } })
    const plan = bench.plan(['two'], 2)
    expect(plan.holds).toBe(true)
    const first = await bench.take(plan)
    const second = await bench.take(plan)
    const third = await bench.take(plan)
    expect(third.refusal?.code).toBe('concurrency_exceeded')
    plan.release(third)
    expect((await bench.take(plan)).refusal?.code).toBe('concurrency_exceeded')
    plan.release(first)
    plan.release(first)
    expect((await bench.take(plan)).refusal).toBeUndefined()
    expect((await bench.take(plan)).refusal?.code).toBe('concurrency_exceeded')
    plan.release(second)
    expect((await bench.take(plan)).refusal).toBeUndefined()
  })

  test('changing a limit does not reset what was used of it', async () => {
    const before = setUp(hundred)
    await grantedOf(before, before.plan(['hundred', 'day']), 4)
    const changed: Config = {
      hundred: { kind: 'bucket', limit: 10, window: '1m' },
      day: { kind: 'calendar', limit: 6, window: 'day' },
    }
    const after = setUp(changed, { counters: before.counters, clock: before.clock })
    expect(await grantedOf(after, after.plan(['hundred']), 50)).toBe(6)
    expect(await grantedOf(after, after.plan(['day']), 50)).toBe(2)
  })

  test('memory is bounded with a million identifiers, and the busy are not forgotten', async () => {
    const counters = createMemoryCounters({ entriesMax: 10_000 })
    const bench = setUp(hundred, { counters })
    const plan = bench.plan(['hundred', 'day'])
    expect(await grantedOf(bench, plan, 5)).toBe(5)
    for (let at = 0; at < 1_000_000; at++) {
      void plan.take(ADDRESS, callerOf(`key_${at}`), bench.clock.nowMs())
      if (at % 1000 === 0) void plan.take(ADDRESS, ada, bench.clock.nowMs())
    }
    expect((await bench.take(plan)).refusal?.code).toBe('quota_exceeded')
  })
})

describe('who is counted', () => {
  const by = (kind: unknown): Config =>
    ({ one: { kind: 'bucket', limit: 1, window: '1h', by: kind } }) as Config
  const passes = async (bench: Bench, caller: Caller, address = ADDRESS, routeId = 'route') =>
    (await bench.take(bench.plan(['one'], 1, routeId), caller, address)).refusal === undefined

  test('client: the credential, and the address of those without one', async () => {
    const bench = setUp(by('client'))
    expect(await passes(bench, ada)).toBe(true)
    expect(await passes(bench, ada, '192.0.2.1')).toBe(false)
    expect(await passes(bench, bob)).toBe(true)
    expect(await passes(bench, anonymousCaller)).toBe(true)
    expect(await passes(bench, anonymousCaller)).toBe(false)
    expect(await passes(bench, anonymousCaller, '192.0.2.1')).toBe(true)
  })

  test('a credential whose id looks like an address is not that address', async () => {
    const bench = setUp(by('client'))
    expect(await passes(bench, anonymousCaller, '192.0.2.1')).toBe(true)
    expect(await passes(bench, callerOf('192.0.2.1'))).toBe(true)
  })

  test('whoever is made of the facts of another counts for themselves, and a mere copy is no caller', async () => {
    const bench = setUp({ two: { kind: 'bucket', limit: 2, window: '1h' } })
    const plan = bench.limiter.prepare({ limits: ['two'], cost: 1, routeId: '', reports: false })
    const eve = callerOf('key_eve')
    expect(await grantedOf(bench, plan, 3, eve)).toBe(2)
    const mallory = newCaller({ ...eve, id: 'key_mallory' })
    expect(await grantedOf(bench, plan, 3, mallory)).toBe(2)
    // @ts-expect-error it would be counted where the hint says: as the one it was copied from
    const copy: Caller = { ...eve, id: 'key_oscar' }
    expect(await grantedOf(bench, plan, 1, copy)).toBe(0)
  })

  test('address: an IPv6 subscriber is one, however many addresses they use', async () => {
    const bench = setUp(by('address'))
    expect(await passes(bench, ada, '2001:db8:1:2::1')).toBe(true)
    expect(await passes(bench, bob, '2001:db8:1:2:ffff::')).toBe(false)
    expect(await passes(bench, bob, '2001:db8:1:3::1')).toBe(true)
    expect(await passes(bench, bob, '2001:db8::1')).toBe(true)
    expect(await passes(bench, bob, '2001:db8::2:0:0:1')).toBe(false)
    expect(await passes(bench, bob, '::1')).toBe(true)
  })

  test('user, tenant and route', async () => {
    const users = setUp(by('user'))
    expect(await passes(users, callerOf('k1', { userId: 'u' }))).toBe(true)
    expect(await passes(users, callerOf('k2', { userId: 'u' }))).toBe(false)
    expect(await passes(users, callerOf('k3'))).toBe(true)
    expect(await passes(users, callerOf('k3'))).toBe(false)
    const tenants = setUp(by('tenant'))
    expect(await passes(tenants, ada)).toBe(true)
    expect(await passes(tenants, bob)).toBe(false)
    expect(await passes(tenants, callerOf('k', { tenantId: 'ten_b' }))).toBe(true)
    const routes = setUp(by('route'))
    expect(await passes(routes, ada)).toBe(true)
    expect(await passes(routes, bob)).toBe(false)
    expect(await passes(routes, bob, ADDRESS, 'other')).toBe(true)
  })

  test('several together are one subject, and no two of them can be mistaken', async () => {
    const bench = setUp(by(['tenant', 'user', 'route']))
    const as = (tenantId: string, userId: string) => callerOf('k', { tenantId, userId })
    expect(await passes(bench, as('a', 'b'))).toBe(true)
    expect(await passes(bench, as('a', 'b'))).toBe(false)
    expect(await passes(bench, as('ab', ''))).toBe(true)
    expect(await passes(bench, as('a;user:1:b', 'b'))).toBe(true)
    expect(await passes(bench, as('a', 'b'), ADDRESS, 'other')).toBe(true)
  })

  test('a caller has their own limit, else their plan’s, else everyone’s', async () => {
    const bench = setUp({
      rate: { kind: 'sliding', limit: 2, window: '1m', plans: { pro: 4, free: 1 } },
    })
    const plan = bench.plan(['rate'])
    const counts: Record<string, number> = {}
    for (const [id, more] of Object.entries<Partial<Caller>>({
      base: {},
      pro: { plan: 'pro' },
      free: { plan: 'free' },
      odd: { plan: 'constructor' },
      own: { plan: 'pro', limits: { rate: 7 } },
      none: { limits: { rate: 0 } },
    })) {
      counts[id] = await grantedOf(bench, plan, 10, callerOf(id, more))
    }
    expect(counts).toEqual({ base: 2, pro: 4, free: 1, odd: 2, own: 7, none: 0 })
    const ticket = await bench.take(plan, callerOf('x', { limits: { rate: 7 } }))
    expect(ticket.policy).toBe('"rate";q=7;w=60')
  })
})

test.each<NonNullable<Config>[string]>([
  { kind: 'bucket', limit: 100, window: '1m' },
  { kind: 'bucket', limit: 100, window: '1m', burst: 1 },
  { kind: 'sliding', limit: 100, window: '1m' },
  { kind: 'calendar', limit: 100, window: 'day' },
  { kind: 'concurrency', limit: 100 },
])('a limit of its own of 0 lets nothing of a caller through: %p', async (limit) => {
  const bench = setUp({ rate: limit })
  const locked = callerOf('key_locked', { limits: { rate: 0 } })
  const plan = bench.plan(['rate'])
  expect(await grantedOf(bench, plan, 3, locked)).toBe(0)
  bench.clock.advance(86_400_000)
  const ticket = await bench.take(plan, locked)
  expect(ticket.refusal?.headers?.['Retry-After']).toBeUndefined()
  expect(await grantedOf(bench, plan, 1, callerOf('key_locked'))).toBe(1)
})

describe('shadow mode', () => {
  test('counts and reports, refuses nobody and takes part in no refusal', async () => {
    const reports: string[] = []
    const onShadow = (limit: string, subject: string): void => {
      reports.push(`${limit} ${subject}`)
    }
    const config: Config = {
      quiet: { kind: 'bucket', limit: 2, window: '1m', shadow: true },
      loud: { kind: 'sliding', limit: 5, window: '1m' },
    }
    const bench = setUp(config, { hooks: { onShadow } })
    const plan = bench.plan(['quiet', 'loud'])
    expect(await grantedOf(bench, plan, 8)).toBe(5)
    expect(reports).toEqual(Array.from({ length: 6 }, () => 'quiet key_ada'))
    const ticket = await bench.take(plan)
    expect(ticket.policy).not.toContain('quiet')
    expect(plan.rateLimit(ticket)).not.toContain('quiet')
    expect(ticket.refusal?.extra?.['violated-policies']).toEqual(['loud'])
  })
})

describe('headers', () => {
  test('are Structured Fields, say each policy and what is left of it', async () => {
    const bench = setUp({ ...hundred, flight: { kind: 'concurrency', limit: 9 } })
    const plan = bench.plan(['hundred', 'day', 'flight'])
    const ticket = await bench.take(plan)
    expect(parseFieldList(ticket.policy)).toEqual([
      { value: 'hundred', parameters: { q: 100, w: 60 } },
      { value: 'day', parameters: { q: 5, w: 86_400 } },
      { value: 'flight', parameters: { q: 9, qu: 'concurrent-requests' } },
    ])
    expect(parseFieldList(plan.rateLimit(ticket))).toEqual([
      { value: 'hundred', parameters: { r: 99, t: 1 } },
      { value: 'day', parameters: { r: 4, t: 86_400 } },
      { value: 'flight', parameters: { r: 8 } },
    ])
  })

  test('a refusal says which limit, and its seconds are whole and rounded up', async () => {
    const bench = setUp({ odd: { kind: 'bucket', limit: 7, window: '10s', burst: 1 } })
    const plan = bench.plan(['odd'])
    await bench.take(plan)
    const { refusal } = await bench.take(plan)
    expect(refusal?.code).toBe('rate_limited')
    expect(refusal?.extra).toMatchObject({ limit: 'odd', 'violated-policies': ['odd'] })
    expect(refusal?.headers?.['Retry-After']).toBe('2')
    expect(parseFieldList(refusal?.headers?.['RateLimit'] ?? '')).toEqual([
      { value: 'odd', parameters: { r: 0, t: 2 } },
    ])
  })

  test('the longest wait is the one announced', async () => {
    const bench = setUp({ ...hundred, five: { kind: 'sliding', limit: 5, window: '1m' } })
    const plan = bench.plan(['five', 'day'])
    await grantedOf(bench, plan, 5)
    const { refusal } = await bench.take(plan)
    expect(refusal?.code).toBe('quota_exceeded')
    expect(refusal?.headers?.['Retry-After']).toBe('86400')
    expect(refusal?.extra?.['violated-policies']).toEqual(['five', 'day'])
  })

  test('extreme values stay within what a field can say', async () => {
    const bench = setUp({
      vast: { kind: 'sliding', limit: 1_000_000_000_000, window: '9000000000000ms' },
      brief: { kind: 'bucket', limit: 5, window: '100ms' },
    })
    const plan = bench.plan(['vast', 'brief'])
    const ticket = await bench.take(plan, callerOf('k', { limits: { vast: 1e300, brief: 0 } }))
    for (const text of [ticket.policy, plan.rateLimit(ticket)]) {
      expect(parseFieldList(text)).toHaveLength(2)
    }
    expect(ticket.refusal?.headers?.['Retry-After']).toBeUndefined()
  })
})

describe('when the counters are out of reach', () => {
  const failing = (fail: 'closed' | 'open' | 'local', more: Config = {}): Config => ({
    x: { kind: 'sliding', limit: 2, window: '1m', fail },
    ...more,
  })

  test('closed: refused as unavailable, and reported', async () => {
    const errors: unknown[] = []
    const hooks = { onBackendFailure: (error: unknown) => void errors.push(error) }
    const bench = setUp(failing('closed'), { counters: gone, hooks })
    const { refusal } = await bench.take(bench.plan(['x']))
    expect(refusal?.code).toBe('unavailable')
    expect(refusal?.detail).toBeUndefined()
    expect(errors).toHaveLength(1)
  })

  test('open: passes; local: counted in this process; closed wins over both', async () => {
    const local = createMemoryCounters()
    const open = setUp(failing('open'), { counters: gone, local })
    expect(await grantedOf(open, open.plan(['x']), 5)).toBe(5)
    const counted = setUp(failing('local'), { counters: gone, local })
    expect(await grantedOf(counted, counted.plan(['x']), 5)).toBe(2)
    const mixed = setUp(
      failing('closed', { y: { kind: 'sliding', limit: 9, window: '1m', fail: 'local' } }),
      { counters: gone, local },
    )
    expect(await grantedOf(mixed, mixed.plan(['x', 'y']), 5)).toBe(0)
  })

  test('what was taken locally is given back locally', async () => {
    const config: Config = { c: { kind: 'concurrency', limit: 1, fail: 'local' } }
    const bench = setUp(config, { counters: gone, local: createMemoryCounters() })
    const plan = bench.plan(['c'])
    plan.release(await bench.take(plan))
    expect((await bench.take(plan)).refusal).toBeUndefined()
  })
})

describe('operators', () => {
  test('see what a subject has left, without taking, and can reset it', async () => {
    const bench = setUp(hundred)
    const plan = bench.plan(['day'])
    await grantedOf(bench, plan, 9)
    await bench.take(plan, anonymousCaller)
    const subject = { limit: 'day', keyId: 'key_ada' }
    const used = await bench.limiter.peek(subject)
    expect(used).toMatchObject({ ok: true, value: { limit: 5, remaining: 0 } })
    expect(await bench.limiter.peek({ limit: 'day', address: ADDRESS })).toMatchObject({
      ok: true,
      value: { remaining: 4 },
    })
    expect(await bench.limiter.reset(subject)).toMatchObject({ ok: true, value: { remaining: 5 } })
    expect(await grantedOf(bench, plan, 9)).toBe(5)
  })

  test('see what a limit of one’s own leaves, and looking by another rate lets nothing drain', async () => {
    const bench = setUp({ rate: { kind: 'bucket', limit: 6000, window: '1h' } })
    const slow = callerOf('key_slow', { limits: { rate: 6 } })
    const plan = bench.plan(['rate'])
    expect(await grantedOf(bench, plan, 10, slow)).toBe(6)
    bench.clock.advance(60_000)
    const subject = { limit: 'rate', keyId: 'key_slow' }
    const other = await bench.limiter.peek(subject)
    expect(other.ok && other.value.limit).toBe(6000)
    const own = await bench.limiter.peek({ ...subject, limits: { rate: 6 } })
    expect(own.ok && [own.value.limit, own.value.remaining]).toEqual([6, 0])
    expect(await grantedOf(bench, plan, 10, slow)).toBe(0)
  })

  test('are told what they got wrong', async () => {
    const { limiter } = setUp(hundred)
    const codes = await Promise.all(
      [{ limit: 'gone' }, { limit: 'day' }, { limit: 'day', address: 'here' }].map(
        async (subject) => {
          const outcome = await limiter.peek(subject)
          return outcome.ok ? 'ok' : outcome.refusal.code
        },
      ),
    )
    expect(codes).toEqual(['not_found', 'bad_request', 'bad_request'])
  })
})

describe('across restarts', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-limits-'))
  })
  afterAll(async () => rm(folder, { recursive: true }))

  test('a daily quota goes on where it was', async () => {
    const path = join(folder, 'quota.db')
    const clock = createManualClock()
    let granted = 0
    for (let round = 0; round < 3; round++) {
      const records = await openSqlite({ path, collections: [COUNTER_ROWS], clock: systemClock })
      const counters = createDurableCounters({ records })
      const config: Config = { day: { kind: 'calendar', limit: 50, window: 'day' } }
      const bench = setUp(config, { counters, clock })
      granted += await grantedOf(bench, bench.plan(['day']), 20)
      await counters.close()
      await records.close()
    }
    expect(granted).toBe(50)
  })
})
