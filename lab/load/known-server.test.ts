import { afterEach, describe, expect, test } from 'bun:test'
import { createRandom } from '../core/index.ts'
import { backfill, histogramFrom } from '../histogram/index.ts'
import type { ScenarioData } from '../scenario/index.ts'
import { drawThinkTime } from '../scenario/index.ts'
import { mean } from '../statistics/index.ts'
import type { SyntheticOptions, SyntheticServer } from '../synthetic/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import { dueMoments, failures, loadOn, responseMs, responses, services } from './load.fixture.ts'
import { singleRequest } from './plan-load.ts'
import type { LoadResult } from './result/result.ts'

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

/** Every other request is one that is answered at once: what this machine adds to both. */
function withControl(path: string): ScenarioData {
  const [slow, control] = [singleRequest({ path }), singleRequest({ path: '/' })]
  return {
    ...slow,
    requests: [...slow.requests, ...control.requests],
    flows: [0, 1].map((request) => ({ name: `${request}`, weight: 1, steps: [{ request }] })),
  }
}

/**
 * The median of the slow requests, and what may be added to it: a timer, and some turns of both processes
 * such as nine of ten controls got; milliseconds.
 */
function medianOf({ requests }: LoadResult): { readonly median: number; readonly added: number } {
  const [slow, control] = requests.map(({ response }) => histogramFrom(response))
  return { median: slow!.quantile(0.5) / 1000, added: 5 + (3 * control!.quantile(0.9)) / 1000 }
}

describe('a server whose behavior is known', () => {
  test('a constant delay is found, and every planned request is accounted for', async () => {
    const { url } = await start({ delay: { kind: 'constant', ms: 40 } })
    const scenario = withControl('/delay')
    const result = await loadOn(url, { scenario, level: 300, durationMs: 2000 })
    const planned = dueMoments({ level: 300, durationMs: 2000 }).length
    expect(failures(result)).toBe(0)
    for (const request of result.requests) expect(request.succeeded).toBe(request.planned)
    expect(result.requests[0]!.planned + result.requests[1]!.planned).toBe(planned)
    expect(result.statuses).toEqual({ '200': planned })
    expect(histogramFrom(result.requests[0]!.response).minUs).toBeGreaterThan(38_000)
    const { median, added } = medianOf(result)
    expect(median).toBeGreaterThan(39)
    expect(median).toBeLessThan(40 + added)
  })

  test('an exponential delay has its median at ln 2 of its mean', async () => {
    const { url } = await start({ delay: { kind: 'exponential', meanMs: 60 } })
    const scenario = withControl('/delay')
    const result = await loadOn(url, { scenario, level: 600, durationMs: 3000 })
    const { median, added } = medianOf(result)
    // 4 standard errors of the median of 900 values.
    expect(median).toBeGreaterThan(60 * Math.LN2 - 8)
    expect(median).toBeLessThan(60 * Math.LN2 + 8 + added)
  })

  test('a stopped server: percentiles are those of the plan, not those of a generator that waits', async () => {
    const { url, pause, resume } = await start({})
    const stop = { afterMs: 1000, fromMs: 0, toMs: 0, uncertainMs: 0 }
    let cycle: Promise<void> | undefined
    const wish = { level: 300, durationMs: 5000, connectionsMax: 4, connectionsWarm: 4 }
    const result = await loadOn(url, wish, {
      onStart: (startedMs, uncertainMs) => {
        stop.uncertainMs = uncertainMs
        cycle = (async () => {
          await Bun.sleep(stop.afterMs)
          pause()
          stop.fromMs = performance.now() - startedMs
          await Bun.sleep(1500)
          stop.toMs = performance.now() - startedMs
          resume()
        })()
      },
    })
    await cycle
    // The plan is a matter of the seed alone: who arrived in the stop waited until its end.
    const waitsOf = (fromMs: number, toMs: number): readonly number[] =>
      dueMoments(wish).map((at) => (at >= fromMs && at < toMs ? toMs - at : 0))
    const { fromMs, toMs, uncertainMs } = stop
    const leastWaits = waitsOf(fromMs + uncertainMs, toMs)
    expect(responses(result).count).toBe(leastWaits.length)
    // Then as many as had to wait for one of four connections were to be worked off, one after another.
    const servedMs = services(result).quantile(0.95) / 1000
    const mostWaits = waitsOf(fromMs, toMs + uncertainMs)
    const lag = histogramFrom(result.lag)
    const lateMs = uncertainMs + lag.maxUs / 1000 + (servedMs * (result.queued ?? 0)) / 4
    for (const share of [0.75, 0.8, 0.9, 0.95, 0.99]) {
      const seenMs = responseMs(result, share)
      expect(seenMs).toBeGreaterThanOrEqual(exactQuantile(leastWaits, share))
      expect(seenMs).toBeLessThan(exactQuantile(mostWaits, share) + 100 + lateMs)
    }
    // Whoever waited for one of the four connections waited for the server: the generator was not late.
    expect(result.queued).toBeGreaterThan(300)
    expect(lag.meanUs / 1000).toBeLessThan(mean(leastWaits) / 2)
    // Only four requests were in the server's hands: what was sent says next to nothing of the stop.
    expect(servedMs).toBeLessThan(responseMs(result, 0.95) / 4)
  }, 20_000)

  test('a waiting generator misses a stop; back-filling estimates it, as an estimate', async () => {
    const { url, pause, resume } = await start({})
    const stop = { fromMs: 0, toMs: 0 }
    let cycle: Promise<void> | undefined
    const wish = {
      model: 'closed',
      level: 4,
      durationMs: 3000,
      think: { kind: 'constant', ms: 20 },
    } as const
    const result = await loadOn(url, wish, {
      onStart: () => {
        cycle = (async () => {
          await Bun.sleep(1000)
          pause()
          stop.fromMs = performance.now()
          await Bun.sleep(1000)
          stop.toMs = performance.now()
          resume()
        })()
      },
    })
    await cycle
    const seen = responses(result)
    const stoppedUs = (stop.toMs - stop.fromMs) * 1000
    // Whoever was not waiting when it stopped was so soon after: its longest answer tells of it.
    expect(seen.maxUs).toBeGreaterThan(stoppedUs / 2)
    // By plan, half of those that come in the stop wait for half of it: a sixth of all. Users send one each.
    expect(seen.countAbove(stoppedUs / 2) / seen.count).toBeLessThan(1 / 12)
    expect(backfill(seen, 20_000).quantile(0.9)).toBeGreaterThan(stoppedUs / 2)
  })

  test('what exceeds a known capacity is refused, and the rest is what the capacity is', async () => {
    // 4 at a time for 20 ms each: 200 a second.
    const { url } = await start({ capacity: { concurrent: 4, serviceMs: 20, queueMax: 4 } })
    const result = await loadOn(`${url}/capacity`, { level: 400, durationMs: 3000 })
    const rate = result.completedInTime / (result.durationMs / 1000)
    expect(rate).toBeLessThan(205)
    // Eight have a place: by the law of Little it is as good as full all the time, however slow it is.
    const placesTaken = rate * (services(result).meanUs / 1e6)
    expect(placesTaken).toBeGreaterThan(5)
    expect(Object.keys(result.failures)).toEqual(['status 503'])
  })

  test('users, answers and think times agree with the law of Little', async () => {
    const { url } = await start({ delay: { kind: 'constant', ms: 30 } })
    const think = { kind: 'exponential', meanMs: 70 } as const
    const users = 30
    const wish = { model: 'closed', level: users, durationMs: 3000, think } as const
    const result = await loadOn(`${url}/delay`, wish)
    const { count, maxUs, meanUs } = responses(result)
    expect(failures(result)).toBe(0)
    expect([result.users, result.thinkMs]).toEqual([users, think.meanMs])
    // Think times are drawn in one order from the seed, whoever thinks: their sum is known.
    const random = createRandom(1).fork('worker 0 of 1')
    let thoughtMs = 0
    for (let at = 0; at < count; at += 1) thoughtMs += drawThinkTime(think, random)
    // Answers and pauses fill the time of all users, and reach over its end with what each did last.
    const filledMs = (count * meanUs) / 1000 + thoughtMs
    const wholeMs = users * result.durationMs
    expect(filledMs).toBeGreaterThanOrEqual(wholeMs * 0.999)
    const lastPauses = think.meanMs * (users + 5 * Math.sqrt(users))
    const late = count - result.completedInTime
    expect(late).toBeLessThanOrEqual(users)
    expect(filledMs).toBeLessThan(wholeMs + lastPauses + (late * maxUs) / 1000)
  })

  test('a server that does not answer costs its timeout, and is counted among the response times', async () => {
    const { url, pause } = await start({})
    // Connections are still taken, by the system.
    pause()
    const wish = { level: 100, durationMs: 1500, timeoutMs: 400, connectionsMax: 1 }
    const result = await loadOn(url, wish)
    const total = result.requests[0]!.planned
    expect(failures(result)).toBe(total)
    expect(Object.keys(result.failures).toSorted()).toEqual(['timeout', 'unsent'])
    expect(result.censored).toBe(total)
    expect(responses(result).minUs / 1000).toBeGreaterThanOrEqual(400)
  })

  test('a rate that no generator can send: nothing that was planned is missing from the count', async () => {
    const { url } = await start({})
    const wish = { level: 300_000, durationMs: 150 } as const
    const planned = dueMoments(wish).length
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
