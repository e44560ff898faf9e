import { describe, expect, test } from 'bun:test'
import { responsesConfig } from '../../cache/configuration.ts'
import { surrogateName, tenantName } from '../../cache/index.ts'
import { createManualClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import { createGateMetrics, createLayerTimings, createMetrics } from '../../signals/index.ts'
import type { Bus, BusEvent } from '../../storage/index.ts'
import { createMemoryBus } from '../../storage/index.ts'
import { cacheConfig } from '../config/cache.ts'
import { PATH } from '../path.ts'
import type { Responses } from './responses.ts'
import { createResponses } from './responses.ts'

/** Word of invalidations between instances. */

function instance(bus: Bus): Responses {
  const metrics = createMetrics()
  const timings = createLayerTimings(PATH, 1)
  return createResponses({
    config: responsesConfig.parse({}),
    prefetch: cacheConfig.parse({}).prefetch,
    clock: createManualClock(),
    random: systemRandom,
    bus,
    metrics,
    gate: createGateMetrics({ metrics, layers: PATH, timings, routesMax: 10 }),
    onFailure: (error) => {
      throw error
    },
  })
}

const invalidations = ({ caches }: Responses): number => caches.stats().invalidations

describe('an invalidation', () => {
  test('reaches the other instances, and comes back to nobody', async () => {
    const bus = createMemoryBus()
    const [one, two] = [instance(bus), instance(bus)]
    one.caches.invalidate(surrogateName('k'))
    two.caches.invalidate(tenantName('t'))
    await bus.publish({ topic: 'other', payload: '{}' })
    expect([invalidations(one), invalidations(two)]).toEqual([2, 2])
    two.close()
    one.caches.invalidate(surrogateName('k'))
    await bus.publish({ topic: 'other', payload: '{}' })
    expect([invalidations(one), invalidations(two)]).toEqual([3, 2])
  })

  test('is settled when other processes have been told, or after a while', async () => {
    const told = Promise.withResolvers<void>()
    const one = instance({
      publish: () => told.promise,
      subscribe: () => () => undefined,
      close: async () => undefined,
    })
    let isSettled = false
    const settling = (): Promise<void> =>
      one.caches.settled().then(() => {
        isSettled = true
      })
    one.caches.invalidate(surrogateName('k'))
    const first = settling()
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
    expect(isSettled).toBe(false)
    await first
    isSettled = false
    const second = settling()
    told.resolve()
    await second
    expect(isSettled).toBe(true)
  })

  test('that may have been missed was of everything; one that is malformed is none', () => {
    let hear: (event: BusEvent) => void = () => undefined
    const one = instance({
      publish: async () => undefined,
      subscribe: (listener) => {
        hear = listener
        return () => undefined
      },
      close: async () => undefined,
    })
    hear({ kind: 'gap' })
    expect(invalidations(one)).toBe(1)
    for (const payload of ['', '{', 'null', '{"kind":"policy","name":"x"}', '{"kind":"tag"}']) {
      hear({ kind: 'message', message: { topic: 'responses.invalidated', payload } })
    }
    expect(invalidations(one)).toBe(1)
  })
})
