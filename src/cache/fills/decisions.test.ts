import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createCache } from '../cache.ts'
import { contentKind, decisionKind } from '../kinds/kind.ts'
import type { DecisionKind } from '../kinds/kind.ts'
import { createRig, failureOf } from './rig.fixture.ts'

describe('a decision', () => {
  test('is answered without a promise once it is known', async () => {
    const { permission, key } = createRig()
    expect(await permission.getOrLoad(key, () => ({ value: 'allow' }))).toBe('allow')
    expect(permission.getOrLoad(key, () => ({ value: 'other' }))).toBe('allow')
  })

  test('never outlives its hard bound, whatever the load says and the wall clock does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
        fc.option(fc.integer({ min: -1000, max: 200_000 }), { nil: undefined }),
        fc.integer({ min: -100_000, max: 100_000 }),
        async (ttlMs, endsInMs, jumpMs) => {
          const { permission, key, clock } = createRig()
          const boundMs = Math.min(60_000, ttlMs ?? Infinity, endsInMs ?? Infinity)
          await permission.getOrLoad(key, () => ({
            value: 'allow',
            ...(ttlMs !== undefined && { ttlMs }),
            ...(endsInMs !== undefined && { expiresAtMs: clock.nowMs() + endsInMs }),
          }))
          clock.setWall(clock.nowMs() + jumpMs)
          if (boundMs > 0) {
            clock.advance(boundMs - 1)
            expect(permission.peek(key)).toBe('allow')
            clock.advance(1)
          }
          expect(permission.peek(key)).toBeUndefined()
        },
      ),
    )
  })

  test('is not kept at all when an end is named that is no time', async () => {
    for (const bad of [
      { ttlMs: NaN },
      { expiresAtMs: NaN },
      { expiresAtMs: Date.parse('never') },
    ]) {
      const { cache, permission, key, page } = createRig()
      expect(await permission.getOrLoad(key, () => ({ value: 'allow', ...bad }))).toBe('allow')
      expect(permission.peek(key)).toBeUndefined()
      expect(permission.put(key, { value: 'allow', ...bad }, cache.position())).toBe(false)
      expect(permission.peek(key)).toBeUndefined()
      const home = page.scope('acme', { kind: 'shared' }).key('home')
      expect(await page.getOrLoad(home, () => ({ value: 'one', ...bad }))).toBe('one')
      expect(await page.getOrLoad(home, () => ({ value: 'two' }))).toBe('two')
    }
  })

  test('that there is nothing, said with null, is known like any other', async () => {
    const clock = createManualClock()
    const kinds = {
      role: decisionKind<string | null>({ name: 'role', ttlMs: 1000, sizeOf: () => 8 }),
    }
    const cache = createCache({ kinds, clock, random: createSeededRandom(1), sweepIntervalMs: 0 })
    const { role } = cache.kinds
    const key = role.scope('acme', { kind: 'caller', id: 'key_1' }).key('role')
    expect(await role.getOrLoad(key, () => ({ value: null, isNegative: true }))).toBeNull()
    expect(role.getOrLoad(key, () => ({ value: 'editor' }))).toBeNull()
  })

  test('is not served past its bound when the load fails', async () => {
    const { permission, key, clock } = createRig()
    await permission.getOrLoad(key, () => ({ value: 'allow' }))
    clock.advance(60_000)
    const asked = permission.getOrLoad(key, () => Promise.reject(new Error('storage is gone')))
    expect(String(await failureOf(asked))).toContain('storage is gone')
  })

  test('counts its lifetime from before the load', async () => {
    const { permission, key, clock } = createRig()
    await permission.getOrLoad(key, async () => {
      clock.advance(50_000)
      return { value: 'allow' }
    })
    clock.advance(9999)
    expect(permission.peek(key)).toBe('allow')
    clock.advance(1)
    expect(permission.peek(key)).toBeUndefined()
  })

  test('has no way to be served stale: its kind has no such bound', () => {
    const kind = decisionKind({ name: 'd', ttlMs: 1, sizeOf: () => 1 })
    // @ts-expect-error there is none in the type
    const bound: unknown = (kind satisfies DecisionKind<unknown>).staleIfErrorMs
    expect(bound).toBeUndefined()
  })

  test('that says no lives shorter, among strangers, and so do those of anonymous callers', async () => {
    const { cache, permission, key, clock } = createRig()
    await permission.getOrLoad(key, () => ({ value: 'deny', isNegative: true }))
    const open = permission.scope('acme', { kind: 'anonymous' }).key('order')
    await permission.getOrLoad(open, () => ({ value: 'allow' }))
    expect(cache.stats().pools.strangers.entries).toBe(2)
    expect(cache.stats().pools.decisions.entries).toBe(0)
    expect(permission.peek(key)).toBe('deny')
    clock.advance(5000)
    expect(permission.peek(key)).toBeUndefined()
    await permission.getOrLoad(key, () => ({ value: 'allow' }))
    expect(cache.stats().pools.decisions.entries).toBe(1)
  })

  test('cannot be stored under the key of another kind', () => {
    const { permission, page, caller } = createRig()
    const wrong = page.scope('acme', caller).key('order')
    expect(() => permission.put(wrong, { value: 'allow' }, 0)).toThrow(TypeError)
    expect(() => permission.getOrLoad(wrong, () => ({ value: 'allow' }))).toThrow(TypeError)
  })

  test('of one caller never answers another, nor another tenant', async () => {
    const { permission, key } = createRig()
    await permission.getOrLoad(key, () => ({ value: 'allow' }))
    for (const [tenant, audience] of [
      ['acme', { kind: 'caller', id: 'key_2' }],
      ['acme', { kind: 'anonymous' }],
      ['acme', { kind: 'shared' }],
      ['umbrella', { kind: 'caller', id: 'key_1' }],
    ] as const) {
      expect(
        permission.peek(permission.scope(tenant, audience).key('order', 'read')),
      ).toBeUndefined()
    }
  })

  test("remembers a load's error for as long as its kind says, and no longer than it holds", async () => {
    const { cache, strict, caller, clock } = createRig()
    const key = strict.scope('acme', caller).key('order')
    let loads = 0
    const load = () => Promise.reject(new Error(`gone ${++loads}`))
    expect(String(await failureOf(strict.getOrLoad(key, load)))).toContain('gone 1')
    expect(String(await failureOf(strict.getOrLoad(key, load)))).toContain('gone 1')
    expect(strict.peek(key)).toBeUndefined()
    clock.advance(500)
    expect(String(await failureOf(strict.getOrLoad(key, load)))).toContain('gone 2')
    await cache.invalidate({ kind: 'tenant', name: 'acme' })
    expect(String(await failureOf(strict.getOrLoad(key, load)))).toContain('gone 3')
  })
})

describe('the cache', () => {
  test('sweeps what expired on its own, in small steps', async () => {
    const { cache, permission, clock, timers, caller } = createRig({ sweepIntervalMs: 1000 })
    const scope = permission.scope('acme', caller)
    for (let at = 0; at < 3000; at++)
      permission.put(scope.key(at), { value: 'allow' }, cache.position())
    clock.advance(60_000)
    timers.fire(1000)
    expect(cache.stats().pools.decisions.entries).toBe(3000 - 2048)
    timers.fire(10)
    expect(cache.stats().pools.decisions.entries).toBe(0)
    expect(cache.stats().kinds['permission']?.expired).toBe(3000)
    cache.close()
    expect(timers.pending).toBe(0)
  })

  test('shows what it does', async () => {
    const { cache, permission, key } = createRig()
    permission.peek(key)
    await permission.getOrLoad(key, () => ({ value: 'allow' }))
    permission.peek(key)
    const { kinds, fills, pools } = cache.stats()
    expect(kinds['permission']).toMatchObject({ hits: 1, misses: 2, stores: 1, entries: 1 })
    expect(kinds['permission']?.bytes).toBe(pools.decisions.bytes)
    expect(fills).toMatchObject({ loads: 1, joined: 0, inFlight: 0 })
  })

  test('refuses two kinds of one name', () => {
    const kind = decisionKind({ name: 'same', ttlMs: 1, sizeOf: () => 1 })
    const kinds = { a: kind, b: kind }
    const world = { clock: createManualClock(), random: createSeededRandom(1) }
    expect(() => createCache({ kinds, ...world })).toThrow(RangeError)
  })

  test('refuses times and limits that are no numbers', () => {
    const world = { clock: createManualClock(), random: createSeededRandom(1) }
    const spec = { name: 'k', ttlMs: 1, sizeOf: () => 1 }
    for (const kind of [
      decisionKind({ ...spec, ttlMs: NaN }),
      decisionKind({ ...spec, ttlMs: -1 }),
      decisionKind({ ...spec, errorTtlMs: NaN }),
      contentKind({ ...spec, staleIfErrorMs: NaN }),
      contentKind({ ...spec, earlyRefreshBeta: -1 }),
    ]) {
      expect(() => createCache({ kinds: { kind }, ...world })).toThrow(RangeError)
    }
    const whole = { entriesMax: 10, bytesMax: 10_000, tenantShareMax: 1 }
    for (const bad of [{ entriesMax: NaN }, { bytesMax: NaN }, { tenantShareMax: -1 }]) {
      const pools = { decisions: { ...whole, ...bad } }
      expect(() => createCache({ kinds: {}, pools, ...world })).toThrow(RangeError)
    }
  })
})
