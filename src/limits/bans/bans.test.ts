import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Caller } from '../../core/caller.ts'
import { anonymousCaller, newCaller } from '../../core/caller.ts'
import type { Clock, ManualClock } from '../../core/clock.ts'
import { createManualClock, systemClock } from '../../core/clock.ts'
import { createIdFactory } from '../../core/ids.ts'
import { systemRandom } from '../../core/random.ts'
import type { RefusalCode } from '../../core/refusal.ts'
import type { Bus, Records } from '../../storage/index.ts'
import { createMemoryBus, createMemoryRecords, openSqlite } from '../../storage/index.ts'
import { bansConfig } from '../config.ts'
import type { Ban } from './ban.ts'
import { banRefusal, bansCollection, NEVER_MS } from './ban.ts'
import type { BanHooks, Bans } from './bans.ts'
import { createBans } from './bans.ts'

const HOUR_MS = 3_600_000
const ADDRESS = '203.0.113.7'
const ada = newCaller({ ...anonymousCaller, kind: 'key', id: 'key_ada', tenantId: 'ten_a' })
const byHand = { reason: 'abuse', bannedBy: 'root' }

interface Bench {
  readonly clock: ManualClock
  readonly records: Records
  readonly bus: Bus
  readonly bans: Bans
  readonly events: string[]
  /** Commits `times` violations; returns the bans they led to. */
  offend(times: number, address?: string, caller?: Caller, code?: RefusalCode): readonly Ban[]
  isBanned(address: string): boolean
}

const memoryRecords = (clock: Clock): Records =>
  createMemoryRecords({ collections: [bansCollection], clock })

function setUp(
  config: z.input<typeof bansConfig> = {},
  shared: Partial<Pick<Bench, 'clock' | 'records' | 'bus'>> & {
    hooks?: BanHooks
    proxies?: readonly string[]
  } = {},
): Bench {
  const clock = shared.clock ?? createManualClock()
  const records = shared.records ?? memoryRecords(clock)
  const bus = shared.bus ?? createMemoryBus()
  const events: string[] = []
  const bans = createBans({
    config: bansConfig.parse(config),
    ...(shared.proxies !== undefined && { proxies: shared.proxies }),
    records,
    bus,
    clock,
    ids: createIdFactory(clock, systemRandom),
    hooks: shared.hooks ?? { onBan: ({ kind, ban }) => void events.push(`${kind} ${ban.subject}`) },
  })
  return {
    clock,
    records,
    bus,
    bans,
    events,
    offend: (times, address = ADDRESS, caller = anonymousCaller, code = 'rate_limited') =>
      Array.from({ length: times }, () => bans.record({ code, address, caller })).filter(
        (ban) => ban !== undefined,
      ),
    isBanned: (address) => bans.check(address, clock.nowMs()) !== undefined,
  }
}

describe('automatic bans', () => {
  test('the fifth violation bans for an hour, at once, and the hour ends', () => {
    const bench = setUp()
    expect(bench.offend(4)).toEqual([])
    expect(bench.isBanned(ADDRESS)).toBe(false)
    expect(bench.offend(1)).toHaveLength(1)
    expect(bench.isBanned(ADDRESS)).toBe(true)
    expect(bench.isBanned('203.0.113.8')).toBe(false)
    bench.clock.advance(HOUR_MS - 1)
    expect(bench.isBanned(ADDRESS)).toBe(true)
    bench.clock.advance(1)
    expect(bench.isBanned(ADDRESS)).toBe(false)
    expect(bench.events).toEqual([`banned ${ADDRESS}`])
  })

  test('violations count within the window only, exactly', () => {
    const bench = setUp({ window: '10m' })
    for (let time = 0; time < 40; time++) {
      bench.clock.advance(150_000)
      expect(bench.offend(1)).toEqual([])
    }
    expect(bench.offend(1)).toHaveLength(1)
  })

  test('violations from before the clock was set back are forgotten in their time', () => {
    const bench = setUp({ window: '10m' })
    expect(bench.offend(4)).toEqual([])
    bench.clock.setWall(bench.clock.nowMs() - 24 * HOUR_MS)
    bench.clock.advance(600_000)
    expect(bench.offend(4)).toEqual([])
    expect(bench.offend(1)).toHaveLength(1)
  })

  test('each further ban is twice as long, up to the maximum; quiet days forget', () => {
    const bench = setUp({ durationMax: '5h' })
    const hours: number[] = []
    for (let round = 0; round < 5; round++) {
      const [ban] = bench.offend(5)
      const lengthMs = (ban?.expiresAtMs ?? 0) - bench.clock.nowMs()
      hours.push(lengthMs / HOUR_MS)
      bench.clock.advance(lengthMs)
    }
    expect(hours).toEqual([1, 2, 4, 5, 5])
    bench.clock.advance(24 * HOUR_MS * 4)
    expect(bench.offend(5)[0]?.level).toBe(2)
    bench.clock.advance(24 * HOUR_MS * 10)
    expect(bench.offend(5)[0]?.level).toBe(1)
  })

  test('a known caller is banned by credential, not the address they share with others', () => {
    const bench = setUp()
    const [ban] = bench.offend(5, ADDRESS, ada)
    expect(ban).toMatchObject({ kind: 'key', subject: 'key_ada', ownerTenantId: 'ten_a', level: 1 })
    expect(bench.isBanned(ADDRESS)).toBe(false)
    expect(bench.bans.checkCaller(ada, bench.clock.nowMs())?.id).toBe(ban?.id)
    expect(bench.bans.checkCaller(anonymousCaller, bench.clock.nowMs())).toBeUndefined()
  })

  test('a ban of a key holds for the tokens made with it, that of a token not for its key', async () => {
    const bench = setUp()
    const token = newCaller({ ...ada, kind: 'token', id: 'token_1', ownerId: ada.id })
    const other = newCaller({ ...token, id: 'token_2' })
    const isBanned = (caller: Caller): boolean =>
      bench.bans.checkCaller(caller, bench.clock.nowMs()) !== undefined
    const by = { kind: 'key', reason: 'leaked', bannedBy: 'root' } as const
    await bench.bans.ban({ ...by, subject: 'token_1', durationMs: 1000 })
    expect([ada, token, other].map(isBanned)).toEqual([false, true, false])
    bench.clock.advance(1000)
    await bench.bans.ban({ ...by, subject: ada.id, durationMs: 1000 })
    expect([ada, token, other].map(isBanned)).toEqual([true, true, true])
    bench.clock.advance(1000)
    expect([ada, token, other].map(isBanned)).toEqual([false, false, false])
  })

  test('a ban of a user holds for all that acts for them', async () => {
    const bench = setUp()
    await bench.bans.ban({ kind: 'key', subject: 'user_ada', reason: 'left', bannedBy: 'root' })
    for (const kind of ['key', 'token', 'session'] as const) {
      const caller = newCaller({ ...ada, kind, userId: 'user_ada' })
      expect(bench.bans.checkCaller(caller, bench.clock.nowMs())?.subject).toBe('user_ada')
    }
    const eve = newCaller({ ...ada, userId: 'user_eve' })
    expect(bench.bans.checkCaller(eve, bench.clock.nowMs())).toBeUndefined()
  })

  test('where only addresses are banned, theirs is', () => {
    const bench = setUp({ subjects: ['address'] })
    expect(bench.offend(5, ADDRESS, ada)[0]?.kind).toBe('address')
  })

  test('an IPv6 subscriber is banned with all their addresses', () => {
    const bench = setUp()
    for (let at = 0; at < 5; at++) bench.offend(1, `2001:db8:1:2::${at}`)
    expect(bench.isBanned('2001:db8:1:2:abcd::1')).toBe(true)
    expect(bench.isBanned('2001:db8:1:3::1')).toBe(false)
  })

  test('only the refusals of the configuration are violations', () => {
    const bench = setUp({ counts: ['credential_invalid'] })
    expect(bench.offend(50)).toEqual([])
    expect(bench.offend(5, ADDRESS, anonymousCaller, 'credential_invalid')).toHaveLength(1)
    expect(setUp({ enabled: false }).offend(50)).toEqual([])
  })

  test('trusted networks are never banned, nor kept out by a wider ban', async () => {
    const bench = setUp({ trusted: ['10.0.0.0/8'] })
    expect(bench.offend(50, '10.1.2.3')).toEqual([])
    await bench.bans.ban({ kind: 'address', subject: '0.0.0.0/0', isForced: true, ...byHand })
    expect(bench.isBanned('10.1.2.3')).toBe(false)
    expect(bench.isBanned('192.0.2.1')).toBe(true)
    const refused = await bench.bans.ban({ kind: 'address', subject: '10.1.2.3', ...byHand })
    expect(refused.ok ? '' : refused.refusal.code).toBe('conflict')
  })

  test('a trusted proxy is not banned for its clients; a credential behind it is, and so is what it reports', () => {
    const bench = setUp({}, { proxies: ['10.0.0.0/8'] })
    expect(bench.offend(50, '10.0.0.1')).toEqual([])
    expect(bench.isBanned('10.0.0.1')).toBe(false)
    expect(bench.offend(5, '10.0.0.1', ada)).toMatchObject([{ kind: 'key', subject: 'key_ada' }])
    expect(bench.offend(5)).toMatchObject([{ kind: 'address', subject: ADDRESS }])
    bench.bans.configure(bansConfig.parse({}), [])
    expect(bench.offend(5, '10.0.0.1')).toHaveLength(1)
  })

  test('memory stays bounded with a million offenders', () => {
    const bench = setUp({ subjectsMax: 1000, bansMax: 100 })
    for (let at = 0; at < 1_000_000; at++) {
      bench.offend(1, `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`)
    }
    for (let at = 0; at < 1000; at++) bench.offend(5, `192.0.${at >> 8}.${at & 255}`)
    const banned = Array.from({ length: 1000 }, (_, at) => `192.0.${at >> 8}.${at & 255}`)
    expect(banned.filter((address) => bench.isBanned(address))).toEqual(banned.slice(-100))
  })

  test('bans let go to stay bounded are let go on disk as well', async () => {
    const bench = setUp({ bansMax: 100 })
    for (let at = 0; at < 250; at++) bench.offend(5, `192.0.2.${at}`)
    await bench.bans.flush()
    const page = await bench.bans.list({ limit: 1000 })
    expect(page.rows).toHaveLength(100)
  })
})

describe('bans by hand', () => {
  test('hold for an address, a network, a credential; for a time or for good', async () => {
    const bench = setUp()
    for (const request of [
      { kind: 'address', subject: '192.0.2.1', durationMs: HOUR_MS },
      { kind: 'address', subject: '198.51.100.77/24' },
      { kind: 'address', subject: '2001:DB8:0::/33' },
      { kind: 'address', subject: '::ffff:203.0.113.9' },
      { kind: 'key', subject: 'key_ada' },
    ] as const) {
      expect((await bench.bans.ban({ ...request, ...byHand })).ok).toBe(true)
    }
    const banned = ['192.0.2.1', '198.51.100.200', '2001:db8:7fff::1', '203.0.113.9']
    const free = ['192.0.2.2', '198.51.101.1', '2001:db8:8000::1', '203.0.113.8', '::1']
    expect(banned.filter((address) => !bench.isBanned(address))).toEqual([])
    expect(free.filter((address) => bench.isBanned(address))).toEqual([])
    expect(bench.bans.checkCaller(ada, bench.clock.nowMs())).toBeDefined()
    bench.clock.advance(1000 * 365 * 24 * HOUR_MS)
    expect(banned.map((address) => bench.isBanned(address))).toEqual([false, true, true, true])
  })

  test.each([
    { kind: 'address', subject: 'example.org' },
    { kind: 'address', subject: '192.0.2.0/33' },
    { kind: 'address', subject: '' },
    { kind: 'key', subject: '' },
    { kind: 'key', subject: 'k', durationMs: 0 },
    { kind: 'key', subject: 'k', durationMs: Number.NaN },
  ] as const)('%j is refused', async (request) => {
    const outcome = await setUp().bans.ban({ ...request, ...byHand })
    expect(outcome.ok ? '' : outcome.refusal.code).toBe('bad_request')
  })

  test.each([
    ['0.0.0.0/0', 'IPv4'],
    ['10.0.0.0/7', 'IPv4'],
    ['::ffff:0.0.0.0/96', 'IPv4'],
    ['::/0', 'IPv6'],
    ['2a00::/15', 'IPv6'],
    ['10.0.0.0/8', 'your own address, 10.1.2.3'],
    ['10.1.2.3', 'your own address, 10.1.2.3'],
    ['::ffff:10.1.2.0/120', 'your own address, 10.1.2.3'],
  ])('%s is banned from 10.1.2.3 only when that is forced', async (subject, reason) => {
    const bench = setUp()
    const request = { kind: 'address', subject, bannedFrom: '10.1.2.3', ...byHand } as const
    const outcome = await bench.bans.ban(request)
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'conflict', detail: expect.stringContaining(reason) },
    })
    expect(bench.bans.anyAddress()).toBe(false)
    expect((await bench.bans.ban({ ...request, isForced: true })).ok).toBe(true)
    expect(bench.bans.anyAddress()).toBe(true)
  })

  test('the credential that bans is banned only when that is forced; another as it is', async () => {
    const bench = setUp()
    const request = { kind: 'key', bannedWith: ['key_ada'], ...byHand } as const
    expect(await bench.bans.ban({ ...request, subject: 'key_ada' })).toMatchObject({
      ok: false,
      refusal: { code: 'conflict', detail: expect.stringContaining('--force') },
    })
    expect(bench.bans.checkCaller(ada, bench.clock.nowMs())).toBeUndefined()
    expect((await bench.bans.ban({ ...request, subject: 'key_bob' })).ok).toBe(true)
    expect((await bench.bans.ban({ ...request, subject: 'key_ada', isForced: true })).ok).toBe(true)
    expect(bench.bans.checkCaller(ada, bench.clock.nowMs())).toBeDefined()
  })

  test.each(['11.0.0.0/8', '2a00::/16', '10.1.2.4', '10.1.3.0/24'])(
    '%s is banned from 10.1.2.3 as it is',
    async (subject) => {
      const bench = setUp()
      const request = { kind: 'address', subject, bannedFrom: '10.1.2.3', ...byHand } as const
      expect((await bench.bans.ban(request)).ok).toBe(true)
    },
  )

  test('are listed, the one that ends first first, page by page; ended ones are not', async () => {
    const bench = setUp()
    for (const hours of [3, 1, 2, 5, 4]) {
      const subject = `192.0.2.${hours}`
      await bench.bans.ban({ kind: 'address', subject, durationMs: hours * HOUR_MS, ...byHand })
    }
    await bench.bans.ban({ kind: 'key', subject: 'key_ada', ...byHand })
    bench.clock.advance(HOUR_MS)
    const listed: string[] = []
    let cursor: string | undefined
    do {
      const page = await bench.bans.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) })
      listed.push(...page.rows.map((ban) => ban.subject))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(listed).toEqual(['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5', 'key_ada'])
  })

  test('lifting ends a ban at once and forgets its part in the escalation', async () => {
    const bench = setUp()
    const [ban] = bench.offend(5)
    expect((await bench.bans.lift(ban?.id ?? '')).ok).toBe(true)
    expect(bench.isBanned(ADDRESS)).toBe(false)
    expect(bench.offend(4)).toEqual([])
    expect(bench.offend(1)[0]?.level).toBe(1)
    expect(bench.events).toEqual([`banned ${ADDRESS}`, `lifted ${ADDRESS}`, `banned ${ADDRESS}`])
    const again = await bench.bans.lift('ban_none')
    expect(again.ok ? '' : again.refusal.code).toBe('not_found')
  })

  test('a ban by hand takes the place of an automatic one and is kept when those give way', async () => {
    const bench = setUp({ bansMax: 100 })
    bench.offend(5)
    await bench.bans.ban({ kind: 'address', subject: ADDRESS, ...byHand })
    for (let at = 0; at < 150; at++) bench.offend(5, `192.0.2.${at}`)
    await bench.bans.flush()
    expect(bench.bans.check(ADDRESS, bench.clock.nowMs())?.expiresAtMs).toBe(NEVER_MS)
    expect((await bench.bans.list({ limit: 1000 })).rows).toHaveLength(101)
  })
})

describe('a banned caller', () => {
  test('is told until when, and never why', () => {
    const bench = setUp()
    const [ban] = bench.offend(5)
    bench.clock.advance(500)
    const refusal = banRefusal(ban!, bench.clock.nowMs())
    expect(refusal.code).toBe('banned')
    expect(refusal.headers).toEqual({ 'Retry-After': '3600' })
    expect(refusal.extra).toEqual({ until: new Date(ban!.expiresAtMs).toISOString() })
    const forever = banRefusal({ ...ban!, expiresAtMs: NEVER_MS }, bench.clock.nowMs())
    expect([forever.headers, forever.extra]).toEqual([undefined, undefined])
  })
})

describe('other instances', () => {
  test('hear of bans and of lifting', async () => {
    const one = setUp()
    const two = setUp({}, { clock: one.clock, records: one.records, bus: one.bus })
    const [ban] = one.offend(5)
    await one.bans.flush()
    await two.bans.flush()
    expect(two.isBanned(ADDRESS)).toBe(true)
    await two.bans.lift(ban?.id ?? '')
    await one.bans.flush()
    expect(one.isBanned(ADDRESS)).toBe(false)
  })

  test('read everything anew when they may have missed something', async () => {
    const bus = createMemoryBus()
    let tell: Parameters<Bus['subscribe']>[0] = () => {}
    const deaf: Bus = {
      ...bus,
      subscribe: (listener) => {
        tell = listener
        return () => {}
      },
    }
    const one = setUp()
    const two = setUp({}, { clock: one.clock, records: one.records, bus: deaf })
    await one.bans.ban({ kind: 'address', subject: ADDRESS, ...byHand })
    await two.bans.flush()
    expect(two.isBanned(ADDRESS)).toBe(false)
    tell({ kind: 'gap' })
    await two.bans.flush()
    expect(two.isBanned(ADDRESS)).toBe(true)
    tell({ kind: 'message', message: { topic: 'bans', payload: '{broken' } })
    tell({ kind: 'message', message: { topic: 'else', payload: '["address","x"]' } })
    await two.bans.flush()
    expect(two.isBanned(ADDRESS)).toBe(true)
  })

  test('of two that ban the same subject at once, both bans hold and one row stands', async () => {
    const one = setUp()
    const two = setUp({}, { clock: one.clock, records: one.records, bus: one.bus })
    one.offend(5)
    two.offend(5)
    await Promise.all([one.bans.flush(), two.bans.flush()])
    expect([one.isBanned(ADDRESS), two.isBanned(ADDRESS)]).toEqual([true, true])
    expect((await one.bans.list({})).rows).toHaveLength(1)
  })
})

describe('storage', () => {
  test('while it fails, bans hold here; maintenance writes them when it is back', async () => {
    const clock = createManualClock()
    const whole = memoryRecords(clock)
    const failures: unknown[] = []
    const disk = { isBroken: true }
    const flaky: Records = {
      ...whole,
      commit: async (changes) => {
        if (disk.isBroken) throw new Error('disk full')
        return whole.commit(changes)
      },
    }
    const hooks = { onStorageFailure: (error: unknown) => void failures.push(error) }
    const bench = setUp({}, { clock, records: flaky, hooks })
    bench.offend(5)
    await bench.bans.flush()
    expect(failures).toHaveLength(1)
    expect(bench.isBanned(ADDRESS)).toBe(true)
    disk.isBroken = false
    await bench.bans.maintain()
    expect((await setUp({}, { clock, records: whole }).bans.list({})).rows).toHaveLength(1)
  })

  test('rows go once their ban is over and their part in the escalation forgotten', async () => {
    const bench = setUp()
    bench.offend(5)
    await bench.bans.ban({ kind: 'key', subject: 'key_ada', ...byHand, durationMs: HOUR_MS })
    await bench.bans.ban({ kind: 'key', subject: 'key_bob', ...byHand })
    const reader = bench.records.global(bansCollection)
    const rows = async () => reader.count({ index: 'bans_by_expiry', equals: {} })
    bench.clock.advance(HOUR_MS)
    await bench.bans.maintain()
    expect(await rows()).toBe(2)
    bench.clock.advance(24 * HOUR_MS)
    await bench.bans.maintain()
    expect(await rows()).toBe(1)
  })

  test('other rules leave the bans that hold', async () => {
    const bench = setUp()
    bench.offend(5)
    bench.bans.configure(bansConfig.parse({ violations: 2 }))
    expect(bench.isBanned(ADDRESS)).toBe(true)
    expect(bench.offend(2, '192.0.2.1')).toHaveLength(1)
  })
})

describe('across restarts', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-bans-'))
  })
  afterAll(async () => rm(folder, { recursive: true }))

  test('bans hold after kill -9, escalation included', async () => {
    const path = join(folder, 'bans.db')
    const child = Bun.spawn({
      cmd: [process.execPath, join(import.meta.dir, 'banner.fixture.ts'), path],
      stdout: 'pipe',
    })
    let printed = ''
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout) {
      printed += decoder.decode(chunk, { stream: true })
      if (printed.length > 500) child.kill('SIGKILL')
    }
    await child.exited
    const addresses = printed.split('\n').slice(0, -1)
    expect(addresses.length).toBeGreaterThan(20)

    const records = await openSqlite({ path, collections: [bansCollection], clock: systemClock })
    const clock = createManualClock(systemClock.nowMs())
    const bench = setUp({}, { records, clock })
    await bench.bans.load()
    expect(addresses.filter((address) => !bench.isBanned(address))).toEqual([])
    clock.advance(HOUR_MS)
    expect(bench.offend(5, addresses[0])[0]?.level).toBe(2)
    await bench.bans.close()
    await records.close()
  })
})
