import type { Random } from '../core/index.ts'
import { createCapacity } from './capacity.ts'
import type { Delay, SyntheticOptions } from './options.ts'
import type { Routes, SyntheticWorld } from './route.ts'
import { hello } from './route.ts'

const CAPACITY = { concurrent: 4, serviceMs: 10, queueMax: 1000 } as const

/** Routes that take time: a delay, a stall, a limited number of requests served at once. */
export function createTimeRoutes(
  { delay, stall, capacity: { concurrent, serviceMs, queueMax } = CAPACITY }: SyntheticOptions,
  { nowMs, sleep }: SyntheticWorld,
  random: Random,
): Routes {
  const startMs = nowMs()
  const capacity = createCapacity(concurrent, queueMax, async () => sleep(serviceMs))
  const waitForStall = async (): Promise<void> => {
    if (stall === undefined) return
    const sinceMs = nowMs() - startMs
    const endMs = stall.afterMs + stall.forMs
    if (sinceMs >= stall.afterMs && sinceMs < endMs) await sleep(endMs - sinceMs)
  }
  return {
    '/delay': async () => {
      await waitForStall()
      if (delay !== undefined) await sleep(drawDelay(delay, random))
      return hello()
    },
    '/capacity': async () =>
      (await capacity.serve())
        ? hello()
        : new Response('no room\n', { status: 503, headers: { 'retry-after': '1' } }),
  }
}

function drawDelay(delay: Delay, random: Random): number {
  if (delay.kind === 'constant') return delay.ms
  if (delay.kind === 'exponential') return delay.meanMs * random.exponential()
  return delay.medianMs * Math.exp(delay.sigma * random.normal())
}
