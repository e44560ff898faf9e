import { createRandom } from '../core/index.ts'
import { quietWorld } from '../core/world.fixture.ts'
import type { Histogram } from '../histogram/index.ts'
import type { LoadWish } from './plan-load.ts'
import { planLoad, singleRequest } from './plan-load.ts'
import { mergeStored } from './result/merge.ts'
import type { LoadResult } from './result/result.ts'
import type { RunOptions } from './run-load.ts'
import { runLoad } from './run-load.ts'
import { createArrivals } from './plan/arrivals.ts'
import { SHAPES } from './plan/shapes.ts'
import { readTarget } from './target.ts'

/** Load on one path of a server. */
export async function loadOn(
  url: string,
  wish: Omit<LoadWish, 'scenario' | 'seed' | 'target'> &
    Partial<Pick<LoadWish, 'scenario' | 'seed'>>,
  options: RunOptions = {},
): Promise<LoadResult> {
  const { pathname, search } = new URL(url)
  const plan = planLoad({
    target: readTarget(url),
    scenario: singleRequest({ path: `${pathname}${search}` }),
    seed: 1,
    ...wish,
  })
  return runLoad(plan, quietWorld(), options)
}

/** When the requests of a steady open load are due, in milliseconds; this depends on the plan alone. */
export function dueMoments(wish: Pick<LoadWish, 'durationMs' | 'level'>): readonly number[] {
  const next = createArrivals(SHAPES.steady(wish), 'poisson', createRandom(1).fork('arrivals'))
  const moments: number[] = []
  for (let at = next(); at < Infinity; at = next()) moments.push(at)
  return moments
}

/** A quantile of all response times of a run, milliseconds. */
export const responseMs = (result: LoadResult, share: number): number =>
  responses(result).quantile(share) / 1000

export const responses = (result: LoadResult): Histogram =>
  mergeStored(result.requests.map(({ response }) => response))

export const services = (result: LoadResult): Histogram =>
  mergeStored(result.requests.map(({ service }) => service))

/** Failures of all kinds. */
export const failures = (result: LoadResult): number =>
  Object.values(result.failures).reduce((sum, count) => sum + count, 0)

/** Watches how long this process gets no processor; `stop` returns the longest such time, in milliseconds. */
export function watchTurns(): { readonly stop: () => number } {
  let lastMs = performance.now()
  let gapMs = 0
  const look = (): void => {
    const nowMs = performance.now()
    gapMs = Math.max(gapMs, nowMs - lastMs)
    lastMs = nowMs
  }
  const timer = setInterval(look, 5)
  return {
    stop() {
      look()
      clearInterval(timer)
      return gapMs
    },
  }
}
