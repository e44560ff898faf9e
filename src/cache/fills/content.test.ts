import { describe, expect, test } from 'bun:test'
import { createSeededRandom } from '../../core/random.ts'
import { isRefreshedEarly } from './early-refresh.ts'
import { adaptedLifetimeMs, NO_HISTORY, seen } from './adaptive-lifetime.ts'
import { createGate, createRig, failureOf, settle } from './rig.fixture.ts'

async function createHome() {
  const rig = createRig()
  const key = rig.page.scope('acme', { kind: 'shared' }).key('home')
  await rig.page.getOrLoad(key, () => ({ value: 'one' }))
  return { ...rig, key }
}

describe('content', () => {
  test('that is stale is served at once while one load refreshes it', async () => {
    const { cache, page, key, clock } = await createHome()
    clock.advance(1000)
    let loads = 0
    const gate = createGate()
    const load = async ({ previous }: { previous: string | undefined }) => {
      loads++
      await gate.opened
      return { value: `${previous}, two` }
    }
    expect([1, 2, 3].map(() => page.getOrLoad(key, load))).toEqual(['one', 'one', 'one'])
    expect(page.peek(key)).toBeUndefined()
    gate.open()
    await settle()
    expect(loads).toBe(1)
    expect(page.peek(key)).toBe('one, two')
    expect(cache.stats().stale).toMatchObject({ staleWhileRevalidate: 3, refreshes: 1 })
  })

  test('that is stale beyond that bound waits for the load', async () => {
    const { page, key, clock } = await createHome()
    clock.advance(1500)
    const asked = page.getOrLoad(key, () => ({ value: 'two' }))
    expect(asked).toBeInstanceOf(Promise)
    expect(await asked).toBe('two')
  })

  test('is served stale when loading it fails, up to its bound', async () => {
    const { cache, page, key, clock } = await createHome()
    const load = () => Promise.reject(new Error('origin is gone'))
    clock.advance(5999)
    expect(await page.getOrLoad(key, load)).toBe('one')
    expect(cache.stats().stale.staleIfError).toBe(1)
    clock.advance(1)
    expect(String(await failureOf(page.getOrLoad(key, load)))).toContain('origin is gone')
  })

  test('that is invalidated is not served stale, not even when the load fails', async () => {
    const { cache, page, key, clock } = await createHome()
    clock.advance(2000)
    const gate = createGate()
    const asked = page.getOrLoad(key, () => gate.opened.then(() => ({ value: 'two' })))
    await settle()
    await cache.invalidate({ kind: 'key', name: key.text })
    gate.fail(new Error('origin is gone'))
    expect(String(await failureOf(asked))).toContain('origin is gone')
  })

  test('whose refresh fails stays, and whoever runs the cache is told', async () => {
    const { cache, page, key, clock, errors } = await createHome()
    clock.advance(1200)
    void page.getOrLoad(key, () => Promise.reject(new Error('origin is gone')))
    await settle()
    expect(page.getOrLoad(key, () => ({ value: 'two' }))).toBe('one')
    expect(errors.map(String)).toEqual(['Error: origin is gone'])
    expect(cache.stats().stale.refreshErrors).toBe(1)
  })

  test('does not outlive an end that the load names', async () => {
    const { page, clock } = await createHome()
    const key = page.scope('acme', { kind: 'shared' }).key('short')
    await page.getOrLoad(key, () => ({ value: 'one', expiresAtMs: clock.nowMs() + 300 }))
    clock.advance(300)
    const load = () => Promise.reject(new Error('origin is gone'))
    expect(String(await failureOf(page.getOrLoad(key, load)))).toContain('origin is gone')
  })

  test('that was dear to load is refreshed before it is stale, by one of many askers', async () => {
    const { cache, page, clock } = await createHome()
    const key = page.scope('acme', { kind: 'shared' }).key('dear')
    await page.getOrLoad(key, () => {
      clock.advance(100)
      return { value: 'one' }
    })
    let isFresh = true
    for (let at = 0; at < 180 && isFresh; at++) {
      clock.advance(5)
      expect(page.getOrLoad(key, () => ({ value: 'two' }))).toBe('one')
      await settle()
      isFresh = page.peek(key) === 'one'
    }
    expect(page.peek(key)).toBe('two')
    expect(cache.stats().stale).toMatchObject({ earlyRefreshes: 1, staleWhileRevalidate: 0 })
  })
})

describe('early refresh', () => {
  test('comes as often as XFetch says: e^(-remaining / cost)', () => {
    const random = createSeededRandom(3)
    for (const [remainingMs, costMs] of [
      [100, 100],
      [50, 100],
      [200, 100],
    ] as const) {
      const trials = 20_000
      let early = 0
      for (let at = 0; at < trials; at++) {
        if (isRefreshedEarly(remainingMs, costMs, 1, () => random.fraction())) early++
      }
      expect(early / trials).toBeCloseTo(Math.exp(-remainingMs / costMs), 1)
    }
  })

  test('draws no number far from the end, and none when it is off', () => {
    const never = (): number => {
      throw new Error('drawn')
    }
    expect(isRefreshedEarly(2001, 100, 1, never)).toBe(false)
    expect(isRefreshedEarly(1, 0, 1, never)).toBe(false)
    expect(isRefreshedEarly(1, 100, 0, never)).toBe(false)
  })
})

describe('an adaptive lifetime', () => {
  const bounds = { ttlMinMs: 100, ttlMaxMs: 60_000, staleShareMax: 0.05 }

  test('grows for what does not change and shrinks for what does, within its bounds', async () => {
    const { feed, clock, cache } = createRig()
    const key = feed.scope('acme', { kind: 'shared' }).key('news')
    const lifetimes: number[] = []
    const read = async (value: string): Promise<void> => {
      await feed.getOrLoad(key, () => ({ value }))
      let lifetimeMs = 0
      for (; feed.peek(key) !== undefined; lifetimeMs += 10) clock.advance(10)
      lifetimes.push(lifetimeMs)
    }
    for (let at = 0; at < 8; at++) await read('same')
    expect(lifetimes).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    for (let at = 0; at < 8; at++) await read(`changed ${at}`)
    expect(lifetimes.at(-1)).toBeLessThan(5000)
    expect(cache.stats().stale.refreshErrors).toBe(0)
  })

  test('doubles at most', () => {
    const calm = seen(NO_HISTORY, false, 1000)
    expect(adaptedLifetimeMs(calm, 1000, 100, bounds)).toBe(2000)
    expect(adaptedLifetimeMs(calm, 50_000, 100, bounds)).toBe(60_000)
  })

  test('leaves no larger share out of date than asked for', () => {
    const random = createSeededRandom(5)
    const meanChangeMs = 10_000
    let history = NO_HISTORY
    let lifetimeMs = 1000
    let [nowMs, changeMs, servedMs, staleMs] = [0, 0, 0, 0]
    const nextChange = (): number => -Math.log(1 - random.fraction()) * meanChangeMs
    changeMs = nextChange()
    for (let at = 0; at < 20_000; at++) {
      const endMs = nowMs + lifetimeMs
      const hasChanged = changeMs < endMs
      servedMs += lifetimeMs
      if (hasChanged) staleMs += endMs - changeMs
      while (changeMs < endMs) changeMs += nextChange()
      nowMs = endMs
      history = seen(history, hasChanged, lifetimeMs)
      lifetimeMs = adaptedLifetimeMs(history, lifetimeMs, 100, bounds)
    }
    expect(staleMs / servedMs).toBeLessThan(0.075)
    expect(staleMs / servedMs).toBeGreaterThan(0.01)
  })

  test('of dear loads is longer', () => {
    let history = NO_HISTORY
    for (let at = 0; at < 20; at++) history = seen(history, at % 2 === 0, 10_000)
    const lifetime = (costMs: number): number => adaptedLifetimeMs(history, 10_000, costMs, bounds)
    expect(lifetime(400)).toBeCloseTo(lifetime(100) * 2)
    expect(lifetime(1)).toBeCloseTo(lifetime(100) / 2, 0)
  })

  test('stays as it is before anything was seen', () => {
    expect(adaptedLifetimeMs(NO_HISTORY, 1000, 100, bounds)).toBe(1000)
  })
})
