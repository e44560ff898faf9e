import { describe, expect, test } from 'bun:test'
import { createRandom } from '../../core/index.ts'
import { plainAim } from '../../load/index.ts'
import { madeResult } from '../../load/result.fixture.ts'
import { quietWorld } from '../../core/world.fixture.ts'
import { watchTurns } from '../../load/load.fixture.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import { analyzeBreak } from './analyze.ts'
import { breakExperiment } from './index.ts'
import type { BreakOptions } from './options.ts'
import type { Phase, Step } from './search.ts'
import { judgeStep, searchBreak, stepMsAt } from './search.ts'

const OPTIONS: BreakOptions = {
  ...plainAim('http://127.0.0.1:1/'),
  objective: { share: 0.99, limitMs: 50, errorRateMax: 0.001, goodputMin: 0.99 },
  rateFrom: 100,
  rateMax: 100_000,
  stepMs: 10_000,
  timeoutMs: 5000,
  connectionsMax: 1000,
  workers: 1,
  confirmations: 3,
  atLeast: null,
}

/** A server that holds up to a rate, and what a search makes of it. */
async function searched(
  changes: Partial<BreakOptions>,
  serverAt: (
    rate: number,
    phase: Phase,
  ) => {
    readonly ms: number
    readonly lagMs?: number
    readonly failed?: number
    readonly requests?: number
  },
) {
  const options = { ...OPTIONS, ...changes }
  const steps = await searchBreak({
    ...options,
    judge: (step: Step) => judgeStep(step, options.objective),
    run: async (rate, phase) => {
      const { ms, lagMs = 0.1, failed = 0, requests = 1500 } = serverAt(rate, phase)
      const responseMs = Array.from({ length: requests }, () => ms)
      return { phase, rate, result: madeResult({ responseMs, lagMs, failed }) }
    },
  })
  return { steps, ...analyzeBreak(options, { steps }) }
}

const capacityOf = ({ figures }: Awaited<ReturnType<typeof searched>>) =>
  figures.find(({ name }) => name === 'capacity')!.value

describe('the search for the breaking point', () => {
  test('finds a sharp edge to within 5 %, and confirms it on both sides', async () => {
    for (const edge of [130, 777, 5432]) {
      const found = await searched({}, (rate) => ({ ms: rate <= edge ? 10 : 500 }))
      const capacity = capacityOf(found)!
      expect(capacity).toBeLessThanOrEqual(edge)
      expect(capacity).toBeGreaterThan(edge / 1.05)
      // 5 % above what was held must fail, which a held rate just below the edge cannot promise.
      expect(['pass', 'inconclusive']).toContain(found.judgement.verdict)
    }
  })

  test('passes when 5 % below always holds and 5 % above always fails', async () => {
    const found = await searched({}, (rate) => ({ ms: rate <= 1000 ? 10 : 500 }))
    expect(found.judgement.verdict).toBe('pass')
    expect(found.steps.filter(({ phase }) => phase === 'below')).toHaveLength(3)
    expect(found.steps.filter(({ phase }) => phase === 'above')).toHaveLength(3)
  })

  test('one failure among holds does not end the climb', async () => {
    let tries = 0
    const found = await searched({}, (rate) => {
      tries += 1
      return { ms: rate > 1000 || tries === 3 ? 500 : 10 }
    })
    expect(capacityOf(found)).toBeGreaterThan(900)
  })

  test('an edge that comes and goes is not confirmed', async () => {
    const random = createRandom(3)
    const found = await searched({}, (rate) => ({
      ms: rate > 1000 * (0.6 + 0.8 * random.next()) ? 500 : 10,
    }))
    expect(found.judgement.verdict).toBe('inconclusive')
    expect(found.judgement.reason).toContain('not confirmed')
  })

  test('where the generator is late, the answer is a lower bound and says why', async () => {
    const found = await searched({}, (rate) => ({ ms: 10, lagMs: rate > 2000 ? 30 : 0.1 }))
    expect(found.judgement).toEqual({
      verdict: 'inconclusive',
      reason: '≥ 1709 a second (generator-bound)',
    })
  })

  test('a rate at which no request was sent in time is no lower bound of anything', async () => {
    const found = await searched({}, () => ({ ms: 10, lagMs: 30 }))
    expect(capacityOf(found)).toBeNull()
    expect(found.judgement.verdict).toBe('inconclusive')
    expect(found.judgement.reason).toMatch(/^no rate could be judged: the generator was late/)
  })

  test('a step of fewer requests than the percentile needs holds nothing; one in which most are slow fails', async () => {
    const few = (edge: number) =>
      searched({}, (rate) => ({ ms: rate <= edge ? 10 : 500, requests: 400 }))
    expect((await few(1000)).judgement).toEqual({
      verdict: 'inconclusive',
      reason: 'no rate could be judged: p99 needs 1000 values, there are 400',
    })
    expect((await few(0)).judgement.verdict).toBe('fail')
  })

  test('a step lasts for as long as it takes for enough requests, and not for ever', () => {
    const { objective } = OPTIONS
    const requestsAt = (rate: number, stepMs: number) =>
      (0.85 * rate * stepMsAt(rate, objective, stepMs)) / 1000
    expect(stepMsAt(1000, objective, 10_000)).toBe(10_000)
    for (const rate of [20, 100, 117]) expect(requestsAt(rate, 10_000)).toBeGreaterThan(1100)
    expect(stepMsAt(1, objective, 10_000)).toBe(100_000)
  })

  test('a confirmation in a noisy moment is tried again', async () => {
    let noisy = 2
    const found = await searched({}, (rate, phase) => {
      const isNoisy = phase === 'below' && noisy > 0
      if (isNoisy) noisy -= 1
      return { ms: rate <= 1000 ? 10 : 500, lagMs: isNoisy ? 80 : 0.1 }
    })
    const confirming = found.steps.filter(({ phase }) => phase === 'below' || phase === 'above')
    expect(confirming).toHaveLength(8)
    expect(found.judgement.verdict).toBe('pass')
  })

  test('a rate that was asked for is passed or failed', async () => {
    const serverAt = (rate: number) => ({ ms: rate <= 1000 ? 10 : 500 })
    expect((await searched({ atLeast: 500 }, serverAt)).judgement.verdict).toBe('pass')
    expect((await searched({ atLeast: 2000 }, serverAt)).judgement.verdict).toBe('fail')
  })

  test('failures count like slowness; a server that holds nothing fails', async () => {
    const broken = await searched({}, () => ({ ms: 1, failed: 10 }))
    expect(broken.judgement.verdict).toBe('fail')
    expect(broken.steps).toHaveLength(2)
    expect(capacityOf(broken)).toBeNull()
  })

  test('a server that nothing breaks gives a lower bound at the highest rate allowed', async () => {
    const found = await searched({ rateMax: 1000 }, () => ({ ms: 1 }))
    expect(found.judgement.reason).toContain('lower bound')
    expect(capacityOf(found)).toBe(1000)
  })
})

test('a server of known capacity: it is found, or nothing is said', async () => {
  // 20 at a time for 20 ms each: never more than 1,000 a second.
  const server = await startSyntheticServer({
    capacity: { concurrent: 20, serviceMs: 20, queueMax: 1000 },
  })
  const options: BreakOptions = {
    ...OPTIONS,
    target: `${server.url}/capacity`,
    objective: { ...OPTIONS.objective, limitMs: 60 },
    rateFrom: 800,
    rateMax: 4000,
    stepMs: 400,
    confirmations: 0,
  }
  try {
    const turns = watchTurns()
    const raw = await breakExperiment.measure(options, quietWorld())
    const gapMs = turns.stop()
    const { judgement, figures } = breakExperiment.analyze(options, raw, 1)
    const value = (name: string) => figures.find((figure) => figure.name === name)?.value ?? null
    const failed = value('capacity.failed')
    // A generator that is late says so, and then there is nothing that was not held.
    if (failed === null) expect(judgement.verdict).toBe('inconclusive')
    else {
      expect(failed).toBeLessThan(1500)
      expect(value('capacity') ?? 0).toBeLessThan(1200)
      // Where processes stand still for longer than the limit leaves, servers do less than they can.
      if (gapMs < 30) expect(failed).toBeGreaterThan(800)
    }
  } finally {
    await server.stop()
  }
}, 60_000)
