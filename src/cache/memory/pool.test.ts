import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createSeededRandom } from '../../core/random.ts'
import { createEpochTable } from '../epochs/epoch-table.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import { createKeys } from '../keys/keys.ts'
import { COUNT, COUNTS_STRIDE } from './kind-counts.ts'
import { chargedBytes } from './pool-limits.ts'
import type { PoolLimits } from './pool-limits.ts'
import { Pool } from './pool.ts'

const random = createSeededRandom(1)
const shared = { kind: 'shared' } as const
const TENANTS = ['a', 'b', 'c'] as const
const scope = createKeys(random).scope({ kind: 'k', tenant: 'acme', audience: shared })
const NEVER = Number.MAX_SAFE_INTEGER

const known = new Map<string, CacheKey>()
/** Keeps one object per key, as callers do. */
function keyOf(name: string): CacheKey {
  const key = known.get(name) ?? scope.key(name)
  known.set(name, key)
  return key
}

function createPool(limits: Partial<PoolLimits>) {
  const epochs = createEpochTable(createSeededRandom(2))
  const pool = new Pool(
    { entriesMax: 1000, bytesMax: 2 ** 20, tenantShareMax: 1, ...limits },
    2,
    epochs,
  )
  const set = (
    name: string,
    value: unknown,
    more: {
      bytes?: number
      expiresMs?: number
      tags?: readonly string[]
      tenant?: string
      kind?: number
    } = {},
  ): boolean =>
    pool.set(keyOf(name), value, {
      kind: more.kind ?? 0,
      tenant: more.tenant ?? 'acme',
      valueBytes: more.bytes ?? 8,
      expiresMs: more.expiresMs ?? NEVER,
      places: (more.tags ?? []).map((tag) => epochs.place('tag', tag)),
      position: epochs.position(),
    })
  const get = (name: string, nowMs = 0): unknown => pool.get(keyOf(name), nowMs)
  return { pool, epochs, set, get }
}

test('a key that was missing, and was added by somebody else meanwhile, is not added twice', () => {
  const { pool } = createPool({})
  const [mine, theirs] = [scope.key('x'), scope.key('x')]
  const placement = {
    kind: 0,
    tenant: 'acme',
    valueBytes: 8,
    expiresMs: NEVER,
    places: [],
    position: 0,
  }
  expect(pool.get(mine, 0)).toBeUndefined()
  pool.set(theirs, 'theirs', placement)
  pool.set(mine, 'mine', placement)
  expect([pool.size, pool.get(theirs, 0)]).toEqual([1, 'mine'])
  pool.delete(mine)
  expect([pool.size, pool.get(theirs, 0)]).toEqual([0, undefined])
  pool.set(theirs, 'again', placement)
  expect([pool.size, pool.get(mine, 0)]).toEqual([1, 'again'])
})

/** The most that the pool may return: everything that was stored, has not expired and was not invalidated. */
type Model = Map<string, { value: number; expiresMs: number; tag: string }>

const names = fc.integer({ min: 0, max: 60 }).map((number) => `key ${number}`)
const tags = fc.constantFrom('red', 'green', 'blue')
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('set' as const),
        name: names,
        bytes: fc.integer({ min: 0, max: 900 }),
        ttlMs: fc.integer({ min: 0, max: 50 }),
        tag: tags,
        tenant: fc.constantFrom(...TENANTS),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('get' as const), name: names }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), name: names }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.integer({ min: 0, max: 20 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('bump' as const),
        kind: fc.constantFrom('tag' as const, 'tag' as const, 'all' as const),
        tag: tags,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const), slots: fc.nat(20) }) },
  ),
  { maxLength: 300 },
)

describe('a pool', () => {
  test('never answers what expired, was deleted or invalidated, and never exceeds its bounds', () => {
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 200, max: 8000 }),
        fc.constantFrom(1, 0.4),
        (run, entriesMax, bytesMax, tenantShareMax) => {
          const limits = { entriesMax, bytesMax, tenantShareMax }
          const { pool, epochs, set, get } = createPool(limits)
          const model: Model = new Map()
          let nowMs = 0
          run.forEach((step, at) => {
            if (step.do === 'set') {
              const expiresMs = nowMs + step.ttlMs
              const more = { ...step, expiresMs, tags: [step.tag] }
              // A key that changes owners leaves the old one, which is not an eviction.
              pool.delete(scope.key(step.name))
              const before = TENANTS.map((tenant) => pool.tenantBytes(tenant))
              if (set(step.name, at, more))
                model.set(step.name, { value: at, expiresMs, tag: step.tag })
              else model.delete(step.name)
              const quota = bytesMax * tenantShareMax
              TENANTS.forEach((tenant, number) => {
                if (tenantShareMax === 1 || tenant === step.tenant) return
                const isOver = pool.tenantBytes(step.tenant) > quota
                const gaveWay = pool.tenantBytes(tenant) < before[number]!
                // No tenant within its quota is evicted for one above its own.
                expect(isOver && gaveWay && before[number]! <= quota).toBe(false)
              })
            } else if (step.do === 'get') {
              const held = model.get(step.name)
              const answer = get(step.name, nowMs)
              const mayAnswer = held !== undefined && nowMs < held.expiresMs
              expect(answer === undefined || (mayAnswer && answer === held.value)).toBe(true)
            } else if (step.do === 'delete') {
              pool.delete(scope.key(step.name))
              model.delete(step.name)
            } else if (step.do === 'wait') nowMs += step.ms
            else if (step.do === 'sweep') pool.sweep(nowMs, step.slots)
            else {
              epochs.bump(step.kind, step.tag)
              for (const [name, { tag }] of model) {
                if (step.kind === 'all' || tag === step.tag) model.delete(name)
              }
            }
            expect(pool.size).toBeLessThanOrEqual(entriesMax)
            expect(pool.bytes).toBeLessThanOrEqual(bytesMax)
          })
          expect(pool.counts[COUNT.entries]).toBe(pool.size)
          expect(pool.counts[COUNT.bytes]).toBe(pool.bytes)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('answers everything it was given as long as there is room', () => {
    const { set, get } = createPool({ entriesMax: 5000, bytesMax: 2 ** 30 })
    for (let at = 0; at < 5000; at++) set(`key ${at}`, at)
    for (let at = 0; at < 5000; at++) expect(get(`key ${at}`)).toBe(at)
  })

  test('keeps what is used while keys used once pour in', () => {
    const { set, get } = createPool({ entriesMax: 1000 })
    for (let at = 0; at < 500; at++) set(`hot ${at}`, at)
    for (let round = 0; round < 20; round++) {
      for (let at = 0; at < 500; at++) get(`hot ${at}`)
      for (let at = 0; at < 1000; at++) set(`scan ${round} ${at}`, at)
    }
    const kept = Array.from({ length: 500 }, (_, at) => get(`hot ${at}`)).filter(
      (value) => value !== undefined,
    )
    expect(kept.length).toBe(500)
  })

  test('takes back at once, into the main queue, what left shortly before', () => {
    const { pool, set, get } = createPool({ entriesMax: 100 })
    for (let at = 0; at < 100; at++) set(`hot ${at}`, at)
    for (let at = 0; at < 100; at++) get(`hot ${at}`)
    set('once', 1)
    for (let at = 0; at < 30; at++) set(`other ${at}`, at)
    expect(get('once')).toBeUndefined()
    set('once', 2)
    for (let at = 0; at < 60; at++) set(`more ${at}`, at)
    expect(get('once')).toBe(2)
    expect(pool.size).toBe(100)
  })

  test('does not keep a value that is larger than itself, nor the one before it', () => {
    const { set, get, pool } = createPool({ bytesMax: 1000 })
    expect(set('a', 'small')).toBe(true)
    expect(set('a', 'large', { bytes: 1000 })).toBe(false)
    expect(get('a')).toBeUndefined()
    expect(pool.bytes).toBe(0)
    expect(pool.counts[COUNT.refused]).toBe(1)
  })

  test('refuses a value whose size is no size, and keeps its books in order', () => {
    const { set, get, pool } = createPool({ bytesMax: 100_000 })
    set('a', 'before')
    for (const bytes of [NaN, -1, -1000, Infinity, 2 ** 31, 2 ** 32]) {
      expect(set('a', 'value', { bytes })).toBe(false)
      expect(get('a')).toBeUndefined()
      expect(pool.bytes).toBe(0)
    }
  })

  test('rounds sizes up to whole bytes, so that nothing is left over', () => {
    const { set, pool } = createPool({ bytesMax: 100_000 })
    for (let at = 0; at < 5000; at++) set(`key ${at % 200}`, at, { bytes: 10 + (at % 10) / 10 })
    expect(pool.bytes).toBeLessThanOrEqual(100_000)
    for (let at = 0; at < 200; at++) pool.delete(scope.key(`key ${at}`))
    expect([pool.size, pool.bytes]).toEqual([0, 0])
  })

  test('of no entries keeps nothing', () => {
    const { set, get, pool } = createPool({ entriesMax: 0 })
    expect(set('a', 'value')).toBe(false)
    expect(get('a')).toBeUndefined()
    expect([pool.size, pool.bytes]).toEqual([0, 0])
  })

  test('a tenant beyond its quota drives out its own entries, not those of others', () => {
    const bytes = chargedBytes(scope.key('key 00'), 8)
    const { set, get, pool } = createPool({ bytesMax: bytes * 100, tenantShareMax: 0.5 })
    for (let at = 10; at < 40; at++) set(`key ${at}`, at, { tenant: 'quiet' })
    for (let at = 100; at < 2000; at++) set(`key ${at}`, at, { tenant: 'loud' })
    for (let at = 10; at < 40; at++) expect(get(`key ${at}`)).toBe(at)
    // The room that the quiet tenant does not use is not wasted, until that tenant needs it.
    expect(pool.tenantBytes('loud')).toBeGreaterThan(bytes * 65)
    for (let at = 40; at < 60; at++) set(`key ${at}`, at, { tenant: 'quiet' })
    for (let at = 10; at < 60; at++) expect(get(`key ${at}`)).toBe(at)
    expect(pool.tenantBytes('loud')).toBeLessThanOrEqual(bytes * 50)
    expect(pool.tenantBytes('loud')).toBeGreaterThan(bytes * 45)
  })

  test('a quota is one of entries, too: small ones do not drive out those of others by their number', () => {
    const { set, get, pool } = createPool({ entriesMax: 100, tenantShareMax: 0.5 })
    for (let at = 10; at < 40; at++) set(`key ${at}`, at, { tenant: 'quiet' })
    // Used, so that only the quota can evict them.
    for (let at = 100; at < 2000; at++) {
      set(`key ${at}`, at, { tenant: 'loud' })
      get(`key ${at}`)
    }
    for (let at = 10; at < 40; at++) expect(get(`key ${at}`)).toBe(at)
    for (let at = 40; at < 60; at++) set(`key ${at}`, at, { tenant: 'quiet' })
    for (let at = 10; at < 60; at++) expect(get(`key ${at}`)).toBe(at)
    expect(pool.size).toBe(100)
  })

  test('one alone, such as the anonymous callers of a public gate, has the whole pool', () => {
    const bytes = chargedBytes(scope.key('key 00'), 8)
    const { set, get, pool } = createPool({ bytesMax: bytes * 100, tenantShareMax: 0.5 })
    for (let at = 100; at < 200; at++) set(`key ${at}`, at, { tenant: '' })
    expect(pool.tenantBytes('')).toBeGreaterThan(bytes * 95)
    // Only its own keys are evicted, those used once first.
    for (let at = 110; at < 150; at++) get(`key ${at}`)
    for (let at = 200; at < 2000; at++) set(`key ${at}`, at, { tenant: '' })
    for (let at = 110; at < 150; at++) expect(get(`key ${at}`)).toBe(at)
    expect(pool.tenantBytes('')).toBeGreaterThan(bytes * 95)
  })

  test('forgets tenants that hold nothing', () => {
    const { set, pool } = createPool({ entriesMax: 10, tenantShareMax: 0.9 })
    for (let at = 0; at < 1000; at++) set(`key ${at}`, at, { tenant: `tenant ${at}` })
    expect(pool.tenantsCount).toBeLessThanOrEqual(10)
  })

  test('an invalidated entry stays gone when more is invalidated, and a new one holds', () => {
    const { set, get, epochs } = createPool({})
    set('a', 1, { tags: ['red', 'green'] })
    set('b', 2, { tags: ['blue'] })
    epochs.bump('tag', 'green')
    expect(get('b')).toBe(2)
    epochs.bump('tag', 'other')
    expect(get('a')).toBeUndefined()
    expect(get('b')).toBe(2)
    set('a', 3, { tags: ['red', 'green'] })
    expect(get('a')).toBe(3)
  })

  test('sweeping frees what nobody asks for, a few slots at a time', () => {
    const { set, pool } = createPool({})
    for (let at = 0; at < 100; at++) set(`key ${at}`, at, { expiresMs: at < 50 ? 10 : NEVER })
    expect(pool.sweep(10, 30)).toBe(30)
    expect(pool.sweep(10, 30)).toBe(20)
    expect(pool.size).toBe(50)
    expect(pool.counts[COUNT.expired]).toBe(50)
  })

  test('counts by kind', () => {
    const { set, get, pool, epochs } = createPool({ entriesMax: 2 })
    set('a', 1, { kind: 1, tags: ['red'] })
    get('a')
    get('a')
    epochs.bump('tag', 'red')
    get('a')
    for (const name of ['b', 'c', 'd']) set(name, 1, { kind: 1 })
    const counts = Array.from(pool.counts.subarray(COUNTS_STRIDE))
    expect(counts.slice(0, 8)).toEqual([0, 0, 4, 1, 0, 1, 0, 2])
    expect(counts[COUNT.bytes]).toBe(pool.bytes)
  })

  test('replaces a value in place, and moves it when it grows', () => {
    const { set, get, pool } = createPool({})
    set('a', 1)
    set('a', 2)
    expect(get('a')).toBe(2)
    const before = pool.bytes
    set('a', 3, { bytes: 108 })
    expect(get('a')).toBe(3)
    expect(pool.bytes).toBe(before + 100)
    expect(pool.size).toBe(1)
  })
})
