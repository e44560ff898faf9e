import { describe, expect, test } from 'bun:test'
import type { Random } from '../../core/index.ts'
import { createRandom } from '../../core/index.ts'
import { COARSE_BITS, createHistogram } from '../../histogram/index.ts'
import { quantileOfSorted } from '../../statistics/index.ts'
import { madeResult } from '../result.fixture.ts'
import { errorInterval, quantileIntervals, rateInterval } from './intervals.ts'
import type { LoadResult, WindowData } from './result.ts'

const WINDOW_MS = 250
const RUNS = 100
const SECONDS = 27

/** A run whose windows are made one after the other. */
function runOf(window: () => WindowData): LoadResult {
  const windows = Array.from({ length: (SECONDS * 1000) / WINDOW_MS }, window)
  const durationMs = SECONDS * 1000
  return madeResult({
    responseMs: [],
    changes: { windows, windowMs: WINDOW_MS, durationMs, elapsedMs: durationMs },
  })
}

/** Poisson arrivals, exponential times about 10 ms; `alike` is the correlation of the mean of one window and the next. */
function createServer(rate: number, alike: number, random: Random): () => WindowData {
  let mood = random.normal()
  return () => {
    mood = alike * mood + Math.sqrt(1 - alike ** 2) * random.normal()
    const meanUs = 10_000 * (alike > 0 ? Math.exp(0.3 * mood) : 1)
    const response = createHistogram(COARSE_BITS)
    const planned = poisson((rate * WINDOW_MS) / 1000, random)
    for (let at = 0; at < planned; at += 1) response.record(meanUs * random.exponential())
    return windowOf({ planned, completed: planned, response: response.toJSON() })
  }
}

const windowOf = (seen: Partial<WindowData>): WindowData => ({
  planned: 0,
  failed: 0,
  completed: 0,
  inFlight: 0,
  lagMaxUs: 0,
  response: null,
  ...seen,
})

function poisson(expected: number, random: Random): number {
  let count = 0
  for (let at = random.exponential(); at < expected; at += random.exponential()) count += 1
  return count
}

/** How many of a hundred intervals hold the truth. */
function coverage(
  intervalOf: (seed: number) => { readonly low: number; readonly high: number } | undefined,
  truth: number,
): number {
  return Array.from({ length: RUNS }, (_, seed) => intervalOf(seed)).filter(
    (interval) => interval !== undefined && interval.low <= truth && truth <= interval.high,
  ).length
}

describe('95 % intervals hold the truth in about 95 of 100 runs', () => {
  test('percentiles and rates of requests that do not depend on each other', () => {
    const random = createRandom(77)
    const runs = Array.from({ length: RUNS }, () => runOf(createServer(400, 0, random)))
    for (const [share, truthMs] of [0.5, 0.9, 0.99].map(
      (share) => [share, -10 * Math.log(1 - share)] as const,
    )) {
      const held = coverage((seed) => quantileIntervals(runs[seed]!, [share], seed)[0], truthMs)
      expect([share, held >= 92]).toEqual([share, true])
    }
    expect(coverage((seed) => rateInterval(runs[seed]!), 400)).toBeGreaterThanOrEqual(90)
  })

  test('of a server with moods that last for seconds, at least 9 of 10', () => {
    const random = createRandom(78)
    const runs = Array.from({ length: RUNS }, () => runOf(createServer(200, 0.9, random)))
    const many = Float64Array.from({ length: 200_000 }, () => {
      const meanMs = 10 * Math.exp(0.3 * random.normal())
      return meanMs * random.exponential()
    }).sort()
    for (const share of [0.5, 0.9]) {
      const truthMs = quantileOfSorted(many, share)
      const held = coverage((seed) => quantileIntervals(runs[seed]!, [share], seed)[0], truthMs)
      expect([share, held >= 90]).toEqual([share, true])
    }
  })

  test('rates of users who wait for a server with moods, at least 9 of 10', () => {
    const random = createRandom(80)
    const runs = Array.from({ length: RUNS }, () => {
      let mood = random.normal()
      return runOf(() => {
        mood = 0.9 * mood + Math.sqrt(1 - 0.9 ** 2) * random.normal()
        return windowOf({ completed: poisson(50 * Math.exp(-0.3 * mood), random) })
      })
    })
    // The mean of a lognormal variable.
    const truth = 4 * 50 * Math.exp(0.3 ** 2 / 2)
    expect(coverage((seed) => rateInterval(runs[seed]!), truth)).toBeGreaterThanOrEqual(90)
  })

  test('failures that come together, as those of a server that goes away for a second', () => {
    const random = createRandom(79)
    // In 1 of 40 seconds everything fails.
    const failing = (): LoadResult => {
      let at = 0
      let isAway = false
      return runOf(() => {
        if (at % (1000 / WINDOW_MS) === 0) isAway = random.next() < 1 / 40
        at += 1
        return windowOf({ planned: 25, failed: isAway ? 25 : 0 })
      })
    }
    const runs = Array.from({ length: RUNS }, failing)
    const held = coverage((seed) => {
      const { windows } = runs[seed]!
      const failed = windows.reduce((sum, window) => sum + window.failed, 0)
      return errorInterval(runs[seed]!, failed, 25 * windows.length)
    }, 1 / 40)
    // Half of the runs see no failure at all; what Wilson says of them as independent requests is all there is.
    const seen = runs.filter(({ windows }) => windows.some(({ failed }) => failed > 0)).length
    expect(held).toBeGreaterThanOrEqual(0.8 * seen)
  })
})
