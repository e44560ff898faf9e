import { describe, expect, test } from 'bun:test'
import { createSeededRandom } from '../../core/random.ts'
import { createPrefetcher } from './prefetcher.ts'
import { createRouteModel, ROUTE_MODEL_DEFAULTS } from './route-model.ts'

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

describe('a prefetcher', () => {
  const setUp = (changes: { atOnceMax?: number; callersMax?: number } = {}) => {
    const asked: string[] = []
    const prefetcher = createPrefetcher({
      model: createRouteModel(),
      prefetch: async (caller, route) => {
        asked.push(`${caller} ${route}`)
        if (route === 'broken') throw new Error('gone')
      },
      callersMax: 1000,
      atOnceMax: 10,
      perStepMax: 1,
      ...changes,
    })
    return { prefetcher, asked }
  }

  test('fetches what the caller does next, and tells how often it was right', async () => {
    const { prefetcher, asked } = setUp()
    const random = createSeededRandom(3)
    let right = 0
    let steps = 0
    for (let visit = 0; visit < 1000; visit += 1) {
      const caller = `c${visit % 7}`
      prefetcher.step(caller, 'list')
      const before = prefetcher.stats().prefetched
      await Promise.resolve()
      const next = random.fraction() < 0.8 ? 'item' : 'search'
      if (before > 0) steps += 1
      if (before > 0 && next === 'item') right += 1
      prefetcher.step(caller, next)
    }
    expect(asked).toContain('c1 item')
    const { hitRatio, prefetched } = prefetcher.stats()
    expect(prefetched).toBeGreaterThan(900)
    expect(hitRatio).toBeGreaterThan(0.4)
    expect(right / steps).toBeGreaterThan(0.7)
  })

  test('has a bound on what is under way and on callers, and outlives failures', async () => {
    const { prefetcher, asked } = setUp({ atOnceMax: 2, callersMax: 50 })
    for (let at = 0; at < 30; at += 1) {
      prefetcher.step('teacher', 'list')
      prefetcher.step('teacher', 'broken')
      await Promise.resolve()
      await Promise.resolve()
    }
    asked.length = 0
    for (let at = 0; at < 500; at += 1) prefetcher.step(`c${at}`, 'list')
    expect(asked.length).toBe(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(prefetcher.stats().refused).toBeGreaterThan(400)
    expect(prefetcher.stats().failed).toBeGreaterThanOrEqual(2)
    expect(prefetcher.stats().callers).toBeLessThanOrEqual(50)
  })
})
