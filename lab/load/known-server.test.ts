import { afterEach, describe, expect, test } from 'bun:test'
import { createRandom } from '../core/index.ts'
import { backfill, histogramFrom } from '../histogram/index.ts'
import type { SyntheticOptions, SyntheticServer } from '../synthetic/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import { failures, loadOn, responseMs, responses, services } from './load.fixture.ts'
import { createArrivals } from './plan/arrivals.ts'
import { SHAPES } from './plan/shapes.ts'

let server: SyntheticServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

async function start(options: SyntheticOptions): Promise<SyntheticServer> {
  server = await startSyntheticServer(options)
  return server
}

/** The value at a rank, of waiting times that are known exactly. */
function exactQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!
}

describe('a server whose behavior is known', () => {
  test('a constant delay is found, and every planned request is accounted for', async () => {
    const { url } = await start({ delay: { kind: 'constant', ms: 40 } })
    const result = await loadOn(`${url}/delay`, { level: 150, durationMs: 2000 })
    const [request] = result.requests
    expect(failures(result)).toBe(0)
    expect(request!.succeeded).toBe(request!.planned)
    expect(result.statuses).toEqual({ '200': request!.planned })
    expect(responses(result).minUs).toBeGreaterThan(38_000)
    expect(responseMs(result, 0.5)).toBeGreaterThan(39)
    expect(responseMs(result, 0.5)).toBeLessThan(60)
  })

  test('an exponential delay has its median at ln 2 of its mean', async () => {
    const { url } = await start({ delay: { kind: 'exponential', meanMs: 60 } })
    const result = await loadOn(`${url}/delay`, { level: 300, durationMs: 3000 })
    // 4 standard errors of the median of 900 values, and what timers add.
    expect(responseMs(result, 0.5)).toBeGreaterThan(60 * Math.LN2 - 8)
    expect(responseMs(result, 0.5)).toBeLessThan(60 * Math.LN2 + 20)
  })

  test('a stopped server: percentiles are those of the plan, not those of a generator that waits', async () => {
    const { url, pause, resume } = await start({})
    const stop = { afterMs: 1000, fromMs: 0, toMs: 0 }
    let startedMs = 0
    let cycle: Promise<void> | undefined
    const wish = { level: 300, durationMs: 5000, connectionsMax: 4, connectionsWarm: 4 }
    const result = await loadOn(url, wish, {
      onStart: (atMs) => {
        startedMs = atMs
        cycle = (async () => {
          await Bun.sleep(stop.afterMs)
          pause()
          stop.fromMs = performance.now() - startedMs
          await Bun.sleep(1500)
          resume()
          stop.toMs = performance.now() - startedMs
        })()
      },
    })
    await cycle
    // The plan is a matter of the seed alone: who arrived in the stop waited until its end.
    const profile = SHAPES.steady(wish)
    const next = createArrivals(profile, 'poisson', createRandom(1).fork('arrivals'))
    const waits: number[] = []
    for (let at = next(); at < Infinity; at = next()) {
      waits.push(at >= stop.fromMs && at < stop.toMs ? stop.toMs - at : 0)
    }
    expect(responses(result).count).toBe(waits.length)
    for (const share of [0.75, 0.8, 0.9, 0.95, 0.99]) {
      const expected = exactQuantile(waits, share)
      expect(Math.abs(responseMs(result, share) - expected)).toBeLessThan(120)
    }
    // Analytic: the stop takes 30 % of the run, and waits in it are uniform.
    expect(responseMs(result, 0.9) / (1500 - 0.1 * 5000)).toBeCloseTo(1, 0)
    // Whoever waited for one of the four connections waited for the server: the generator was not late.
    expect(result.queued).toBeGreaterThan(300)
    expect(histogramFrom(result.lag).quantile(0.99) / 1000).toBeLessThan(500)
    // Only four requests were in the server's hands: what was sent says nothing of the stop.
    expect(services(result).quantile(0.95) / 1000).toBeLessThan(120)
  }, 20_000)

  test('a waiting generator misses a stop; back-filling estimates it, as an estimate', async () => {
    const { url, pause, resume } = await start({})
    const result = await loadOn(
      url,
      {
        model: 'closed',
        level: 4,
        durationMs: 3000,
        think: { kind: 'constant', ms: 20 },
      },
      {
        onStart: () => {
          setTimeout(pause, 1000)
          setTimeout(resume, 2000)
        },
      },
    )
    const seen = responses(result)
    expect(seen.quantile(0.9) / 1000).toBeLessThan(200)
    expect(seen.maxUs / 1000).toBeGreaterThan(900)
    expect(backfill(seen, 20_000).quantile(0.9) / 1000).toBeGreaterThan(500)
  })

  test('what exceeds a known capacity is refused, and the rest is what the capacity is', async () => {
    // 4 at a time for 20 ms each: 200 a second.
    const { url } = await start({ capacity: { concurrent: 4, serviceMs: 20, queueMax: 4 } })
    const result = await loadOn(`${url}/capacity`, { level: 400, durationMs: 3000 })
    const rate = result.completedInTime / (result.durationMs / 1000)
    expect(rate).toBeGreaterThan(140)
    expect(rate).toBeLessThan(205)
    expect(Object.keys(result.failures)).toEqual(['status 503'])
  })

  test('users, answers and think times agree with the law of Little', async () => {
    const { url } = await start({ delay: { kind: 'constant', ms: 30 } })
    const result = await loadOn(`${url}/delay`, {
      model: 'closed',
      level: 30,
      durationMs: 3000,
      think: { kind: 'exponential', meanMs: 70 },
    })
    const seconds = result.durationMs / 1000
    const rate = result.completedInTime / seconds
    const users = rate * (responses(result).meanUs / 1e6 + result.thinkMs! / 1000)
    expect(result.users).toBe(30)
    expect(users / 30).toBeGreaterThan(0.93)
    expect(users / 30).toBeLessThan(1.07)
  })

  test('a server that does not answer costs its timeout, and is counted among the response times', async () => {
    const { url, pause } = await start({})
    const result = await loadOn(
      url,
      { level: 100, durationMs: 1500, timeoutMs: 400, connectionsMax: 1 },
      { onStart: pause },
    )
    const total = result.requests[0]!.planned
    expect(failures(result)).toBe(total)
    expect(Object.keys(result.failures).toSorted()).toEqual(['timeout', 'unsent'])
    expect(result.censored).toBe(total)
    expect(responses(result).minUs / 1000).toBeGreaterThanOrEqual(400)
  })

  test('a rate that no generator can send: nothing that was planned is missing from the count', async () => {
    const { url } = await start({})
    const wish = { level: 300_000, durationMs: 150 } as const
    const next = createArrivals(SHAPES.steady(wish), 'poisson', createRandom(1).fork('arrivals'))
    let planned = 0
    for (let at = next(); at < Infinity; at = next()) planned += 1
    const patient = await loadOn(url, { ...wish, timeoutMs: 10_000, connectionsMax: 50 })
    expect(patient.requests[0]!.planned).toBe(planned)
    expect(patient.requests[0]!.succeeded + failures(patient)).toBe(planned)
    const impatient = await loadOn(url, { ...wish, timeoutMs: 60, connectionsMax: 2 })
    expect(impatient.requests[0]!.planned).toBe(planned)
    expect(impatient.requests[0]!.succeeded + failures(impatient)).toBe(planned)
    expect(impatient.failures['unsent']).toBeGreaterThan(0)
  }, 20_000)

  test('nobody listens: every request is a failure to connect, at once', async () => {
    const { url, stop } = await start({})
    await stop()
    const result = await loadOn(url, { level: 100, durationMs: 500 })
    expect(Object.keys(result.failures)).toEqual(['connect'])
    expect(result.failures['connect']).toBe(result.requests[0]!.planned)
  })

  test('workers share a plan: together they send it once', async () => {
    const { url } = await start({})
    const one = await loadOn(url, { level: 200, durationMs: 1000 })
    const two = await loadOn(url, { level: 200, durationMs: 1000 }, { workers: 2 })
    expect(two.workers).toBe(2)
    expect(two.requests[0]!.planned).toBe(one.requests[0]!.planned)
    expect(responses(two).count).toBe(responses(one).count)
  })
})
