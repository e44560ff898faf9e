import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createPrefetcher } from './prefetcher.ts'
import { createRouteModel, ROUTE_MODEL_DEFAULTS } from './route-model.ts'
import { stepOf, UNTOLD, visitAfter } from './visit.ts'

describe('a model of routes', () => {
  test('predicts what followed often, and nothing before it has seen enough', () => {
    const model = createRouteModel()
    for (let at = 0; at < 19; at += 1) model.observe('list', 'item')
    expect(model.predict('list')).toEqual([])
    model.observe('list', 'search')
    expect(model.predict('list')).toEqual([{ route: 'item', probability: 0.95 }])
    expect(model.predict('unknown')).toEqual([])
  })

  test('follows habits that change', () => {
    const model = createRouteModel()
    for (let at = 0; at < 20_000; at += 1) model.observe('list', 'old')
    for (let at = 0; at < 5000; at += 1) model.observe('list', 'new')
    expect(model.predict('list')[0]?.route).toBe('new')
  })

  test('is bounded, whatever routes a stranger makes up', () => {
    const model = createRouteModel({ ...ROUTE_MODEL_DEFAULTS, routesMax: 10, followersMax: 4 })
    for (let at = 0; at < 1000; at += 1) model.observe(`from${at}`, `to${at}`)
    for (let at = 0; at < 1000; at += 1) {
      model.observe('from1', `to${at}`)
      model.observe('from1', 'often')
    }
    expect(model.routes).toBe(10)
    expect(model.predict('from1')).toEqual([
      { route: 'often', probability: expect.closeTo(0.5, 1) as number },
    ])
  })
})

describe('a step', () => {
  const at = (route: string, parameters: string[] = [], query = '') => ({
    route,
    parameters,
    query,
  })
  test.each([
    ['between plain paths', at('list'), at('prices')],
    ['that takes a parameter along', at('scene', ['a', 'b']), at('objects', ['b'])],
    ['that takes several along, in another order', at('x', ['a', 'b']), at('y', ['b', 'a'])],
    ['that takes the query along', at('x', ['a'], '?page=2'), at('y', ['a'], '?page=2')],
  ])('%s leads where it led', (_, from, to) => {
    expect(visitAfter(from, stepOf(from, to))).toEqual(to)
  })

  test('leads to the like of it for others', () => {
    const step = stepOf(at('scene', ['a']), at('objects', ['a']))
    expect(visitAfter(at('scene', ['z'], '?q'), step)).toEqual(at('objects', ['z']))
  })

  test.each([
    ['a value of its own', at('list'), at('item', ['secret'])],
    ['a query of its own', at('list'), at('search', [], '?q=secret')],
    ['another query', at('list', [], '?page=1'), at('list', [], '?page=2')],
  ])('with %s teaches nothing', (_, from, to) => {
    expect(stepOf(from, to)).toBe(UNTOLD)
  })
})

describe('a prefetcher', () => {
  const plain = (route: string) => ({ route, parameters: [], query: '' })
  const setUp = (changes: { atOnceMax?: number; callersMax?: number } = {}) => {
    const asked: string[] = []
    const clock = createManualClock()
    const prefetcher = createPrefetcher({
      model: createRouteModel(),
      monotonicMs: clock.monotonicMs,
      callersMax: 1000,
      atOnceMax: 10,
      perVisitMax: 1,
      pauseMsMax: 60_000,
      ...changes,
    })
    const visit = (caller: string, route: string): void =>
      prefetcher.visit(caller, plain(route), async (next) => {
        asked.push(`${caller} ${next.route}`)
        if (next.route === 'broken') throw new Error('gone')
        return next.route === 'private' ? 'refused' : 'fetched'
      })
    return { prefetcher, asked, clock, visit }
  }
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  test('fetches what the caller does next, and tells how often it was right', async () => {
    const { prefetcher, asked, visit } = setUp()
    const random = createSeededRandom(3)
    let right = 0
    let steps = 0
    for (let time = 0; time < 1000; time += 1) {
      const caller = `c${time % 7}`
      visit(caller, 'list')
      await Promise.resolve()
      const isLearned = prefetcher.stats().fetched > 0
      const next = random.fraction() < 0.8 ? 'item' : 'search'
      if (isLearned) steps += 1
      if (isLearned && next === 'item') right += 1
      visit(caller, next)
      await Promise.resolve()
    }
    expect(asked).toContain('c1 item')
    const stats = prefetcher.stats()
    expect(stats.fetched).toBeGreaterThan(900)
    expect(stats.used).toBeGreaterThanOrEqual(right - 2)
    expect(right / steps).toBeGreaterThan(0.7)
    expect(stats.used / stats.fetched).toBeGreaterThan(0.4)
  })

  test('counts as fetched and used only what was, and outlives refusals and failures', async () => {
    const { prefetcher, visit } = setUp()
    for (const next of ['private', 'broken']) {
      for (let at = 0; at < 30; at += 1) {
        visit(`${next} ${at}`, `before ${next}`)
        visit(`${next} ${at}`, next)
        await settle()
      }
    }
    const stats = prefetcher.stats()
    expect(stats.refused).toBeGreaterThan(5)
    expect(stats.failed).toBeGreaterThan(5)
    expect([stats.fetched, stats.used]).toEqual([0, 0])
  })

  test('does not take for a sequence what lies far apart', async () => {
    const { asked, clock, visit } = setUp()
    for (let at = 0; at < 50; at += 1) {
      visit('c', 'list')
      clock.advance(61_000)
      visit('c', 'item')
      clock.advance(61_000)
    }
    expect(asked).toEqual([])
  })

  test('has a bound on what is under way and on callers', async () => {
    const { prefetcher, asked, visit } = setUp({ atOnceMax: 2, callersMax: 50 })
    for (let at = 0; at < 30; at += 1) {
      visit('teacher', 'list')
      visit('teacher', 'item')
      await settle()
    }
    asked.length = 0
    for (let at = 0; at < 500; at += 1) visit(`c${at}`, 'list')
    expect(asked.length).toBe(2)
    await settle()
    expect(prefetcher.stats().crowded).toBeGreaterThan(400)
    expect(prefetcher.stats().callers).toBeLessThanOrEqual(50)
  })
})
