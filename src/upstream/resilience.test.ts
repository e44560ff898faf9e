import { afterEach, describe, expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import { createSeededRandom } from '../core/random.ts'
import { createPick } from './balance.ts'
import { createBreaker } from './breaker.ts'
import { createBulkhead } from './bulkhead.ts'
import { upstreamConfig } from './config.ts'
import { createEjection } from './ejection.ts'
import { isRefusal } from './forward-request.ts'
import type { ForwardOutcome } from './forward-request.ts'
import { backoffMs, retryAfterMs } from './retry-budget.ts'
import { createTarget } from './target.ts'
import type { Target } from './target.ts'
import {
  answerWith,
  forwardRequest,
  goingClient,
  openUpstream,
  serveHeads,
  until,
} from './test-kit.ts'

const open: { stop(): unknown }[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.stop()
})
const serve: typeof serveHeads = async (answer) => {
  const server = await serveHeads(answer)
  open.push(server)
  return server
}
const status = (outcome: ForwardOutcome): number | string =>
  isRefusal(outcome) ? outcome.code : outcome.status

describe('the circuit breaker', () => {
  const config = { window: 10_000, requestsMin: 4, failureRatio: 0.5, open: 5000, probes: 2 }
  const states: string[] = []
  const create = (): ReturnType<typeof createBreaker> => {
    states.length = 0
    return createBreaker(config, (state) => states.push(state))
  }
  const failTimes = (
    breaker: ReturnType<typeof createBreaker>,
    times: number,
    nowMs: number,
  ): void => {
    for (let count = 0; count < times; count++) breaker.failed(nowMs)
  }

  test('stays closed below the least number of requests and below the ratio', () => {
    const breaker = create()
    failTimes(breaker, 3, 0)
    expect(breaker.enter(0)).toBe(true)
    const other = create()
    for (let count = 0; count < 9; count++) other.succeeded(0)
    failTimes(other, 8, 0)
    expect(other.state(0)).toBe('closed')
  })

  test('opens at the ratio, says how long, and then probes', () => {
    const breaker = create()
    failTimes(breaker, 4, 100)
    expect(breaker.enter(100)).toBe(false)
    expect(breaker.waitMs(1100)).toBe(4000)
    expect(breaker.enter(5099)).toBe(false)
    expect([breaker.enter(5100), breaker.enter(5100), breaker.enter(5100)]).toEqual([
      true,
      true,
      false,
    ])
    breaker.succeeded(5200)
    expect(breaker.state(5200)).toBe('half-open')
    breaker.succeeded(5200)
    expect(breaker.state(5200)).toBe('closed')
    expect(states).toEqual(['open', 'half-open', 'closed'])
  })

  test('opens again when a probe fails; an abandoned probe gives its place back', () => {
    const breaker = create()
    failTimes(breaker, 4, 0)
    expect([breaker.enter(5000), breaker.enter(5000)]).toEqual([true, true])
    breaker.abandoned()
    expect(breaker.enter(5000)).toBe(true)
    breaker.failed(5001)
    expect(breaker.state(5001)).toBe('open')
    expect(breaker.waitMs(5001)).toBe(5000)
  })

  test('forgets failures older than its window', () => {
    const breaker = create()
    failTimes(breaker, 3, 0)
    failTimes(breaker, 3, 11_000)
    expect(breaker.state(11_000)).toBe('closed')
  })

  test('shields a failing upstream and lets it come back', async () => {
    let broken = true
    const origin = await serve(() => answerWith('', broken ? 'HTTP/1.1 503 No' : 'HTTP/1.1 200 OK'))
    const { upstream, events } = openUpstream({
      targets: [origin.url],
      retries: { attempts: 0 },
      breaker: { requestsMin: 3, open: '1s', probes: 1 },
    })
    for (let count = 0; count < 3; count++) {
      expect(status(await upstream.forward(forwardRequest()))).toBe(503)
    }
    const refused = await upstream.forward(forwardRequest())
    expect(refused).toMatchObject({ code: 'upstream_unavailable', headers: { 'retry-after': '1' } })
    expect(origin.heads).toHaveLength(3)
    broken = false
    await until(() => upstream.stats().targets[0]?.breaker === 'half-open')
    expect(status(await upstream.forward(forwardRequest()))).toBe(200)
    const states = events.flatMap((event) => (event.kind === 'breaker' ? [event.state] : []))
    expect(states).toEqual(['open', 'half-open', 'closed'])
  })
})

describe('passive health', () => {
  const config = { consecutiveFailures: 3, duration: 1000, durationMax: 3000, shareMax: 0.5 }
  const failTimes = (ejection: ReturnType<typeof createEjection>, nowMs: number): number[] =>
    [1, 2, 3].map(() => ejection.failed(nowMs, () => true))

  test('ejects after failures in a row, longer each time, up to the bound', () => {
    const ejection = createEjection(config)
    expect(failTimes(ejection, 0)).toEqual([0, 0, 1000])
    expect([ejection.isEjected(999), ejection.isEjected(1000)]).toEqual([true, false])
    expect(failTimes(ejection, 1000)).toEqual([0, 0, 2000])
    expect(failTimes(ejection, 3000)).toEqual([0, 0, 3000])
    ejection.succeeded(6000)
    expect(failTimes(ejection, 6001)).toEqual([0, 0, 3000])
    ejection.succeeded(60_000)
    expect(failTimes(ejection, 60_001)).toEqual([0, 0, 1000])
  })

  test('a success in between starts the count anew', () => {
    const ejection = createEjection(config)
    ejection.failed(0, () => true)
    ejection.failed(0, () => true)
    ejection.succeeded(0)
    expect(failTimes(ejection, 0)).toEqual([0, 0, 1000])
  })

  test('leaves a failing target out, but never more than the share allowed', async () => {
    const bad = await serve(() => answerWith('', 'HTTP/1.1 502 Bad'))
    const good = await serve(() => answerWith('ok'))
    const { upstream } = openUpstream({
      targets: [bad.url, good.url],
      retries: { attempts: 0 },
      ejection: { consecutiveFailures: 2, duration: '60s' },
      breaker: false,
    })
    const answers = []
    for (let count = 0; count < 12; count++) {
      answers.push(status(await upstream.forward(forwardRequest())))
    }
    expect(answers.filter((answer) => answer === 502)).toHaveLength(2)
    expect(upstream.stats().targets[0]).toMatchObject({ available: false, failures: 2 })

    const alone = openUpstream({
      targets: [bad.url],
      retries: { attempts: 0 },
      ejection: { consecutiveFailures: 1 },
      breaker: false,
    })
    for (let count = 0; count < 4; count++) {
      expect(status(await alone.upstream.forward(forwardRequest()))).toBe(502)
    }
  })
})

describe('what is shown of a target', () => {
  const show = (input: object = {}) => {
    const clock = createManualClock()
    const config = upstreamConfig.parse({ targets: ['http://127.0.0.1:1'], ...input })
    const target = createTarget(
      { url: 'http://127.0.0.1:1', weight: 1 },
      { upstream: 'app', config, clock, mayEject: () => false, onEvent: () => {} },
    )
    const ask = (outcome: 'good' | 'bad' | 'unknown', times = 1): void => {
      for (let count = 0; count < times; count++) {
        target.enter(clock.monotonicMs())
        target.leave(outcome, clock.monotonicMs())
      }
    }
    return { clock, target, ask, stats: () => target.stats() }
  }

  test('nothing is claimed of one that nobody has asked', () => {
    const { stats, ask } = show()
    expect(stats()).toMatchObject({ healthy: null, failureShare: null, outcomesRecent: 0 })
    ask('unknown')
    expect(stats()).toMatchObject({ healthy: null, failureShare: null, outcomesRecent: 0 })
  })

  test('the only target that fails again and again is used, and is not called healthy', () => {
    const { stats, ask } = show()
    ask('bad', 14)
    expect(stats()).toMatchObject({
      available: true,
      healthy: false,
      breaker: 'closed',
      failures: 14,
      outcomesRecent: 14,
      failureShare: 1,
    })
    ask('good')
    expect(stats()).toMatchObject({ healthy: true, outcomesRecent: 15 })
    expect(stats().failureShare).toBeCloseTo(14 / 15)
  })

  test('one behind an open breaker is not healthy, nor before probes have closed it', () => {
    const { stats, ask, clock } = show({ breaker: { requestsMin: 2, open: '5s', probes: 1 } })
    ask('good')
    ask('bad', 3)
    expect(stats()).toMatchObject({ available: false, healthy: false, breaker: 'open' })
    clock.advance(5000)
    expect(stats()).toMatchObject({ available: true, healthy: false, breaker: 'half-open' })
    ask('good')
    expect(stats()).toMatchObject({ healthy: true, breaker: 'closed' })
  })

  test('good checks do not hide requests that fail', () => {
    const { stats, ask, target } = show()
    target.setHealthy(true)
    expect(stats().healthy).toBe(true)
    ask('bad', 5)
    expect(stats()).toMatchObject({ available: true, healthy: false })
  })

  test('failures are forgotten after a minute', () => {
    const { stats, ask, clock } = show()
    ask('bad', 3)
    clock.advance(59_000)
    ask('good')
    expect(stats()).toMatchObject({ outcomesRecent: 4, failureShare: 0.75 })
    clock.advance(6000)
    expect(stats()).toMatchObject({ outcomesRecent: 1, failureShare: 0 })
  })
})

test('active health checks take a sick target out and bring it back', async () => {
  let sick = true
  const one = await serve((head) =>
    answerWith('', head.startsWith('GET /health') && sick ? 'HTTP/1.1 500 No' : 'HTTP/1.1 200 OK'),
  )
  const two = await serve(() => answerWith('ok'))
  const { upstreams, upstream, events } = openUpstream({
    targets: [one.url, two.url],
    health: { path: '/health', interval: '10ms', timeout: '5s', unhealthyAfter: 2 },
  })
  await until(() => upstream.stats().targets[0]?.healthy === false)
  for (let count = 0; count < 4; count++) {
    const outcome = await upstream.forward(forwardRequest({ path: '/work' }))
    expect(status(outcome)).toBe(200)
  }
  expect(one.heads.some((head) => head.startsWith('GET /work'))).toBe(false)
  sick = false
  await until(() => upstream.stats().targets[0]?.healthy === true)
  expect(events.map((event) => event.kind)).toEqual(['target_unhealthy', 'target_healthy'])
  await upstreams.close(1000)
  const asked = one.heads.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(one.heads.length).toBeLessThanOrEqual(asked + 1)
})

describe('the bulkhead', () => {
  test('admits so many, queues so many, refuses the rest, first come first served', async () => {
    const bulkhead = createBulkhead(2, 2, 10_000)
    expect([bulkhead.enter(undefined), bulkhead.enter(undefined)]).toEqual(['entered', 'entered'])
    const order: string[] = []
    const waiting = ['third', 'fourth'].map(async (name) => {
      const entry = await bulkhead.enter(undefined)
      order.push(`${name} ${entry}`)
    })
    expect(bulkhead.enter(undefined)).toBe('queue_full')
    expect([bulkhead.inFlight, bulkhead.queued]).toEqual([2, 2])
    bulkhead.leave()
    bulkhead.leave()
    await Promise.all(waiting)
    expect(order).toEqual(['third entered', 'fourth entered'])
    expect([bulkhead.inFlight, bulkhead.queued]).toEqual([2, 0])
    bulkhead.leave()
    bulkhead.leave()
    expect(bulkhead.inFlight).toBe(0)
  })

  test('lets nobody wait longer than the bound, nor for a client that has gone', async () => {
    const bulkhead = createBulkhead(1, 10, 20)
    void bulkhead.enter(undefined)
    expect(await bulkhead.enter(undefined)).toBe('queue_timeout')
    const client = goingClient()
    const entry = bulkhead.enter(client)
    client.go()
    expect(await entry).toBe('aborted')
    expect(bulkhead.queued).toBe(0)
  })

  test('keeps a hanging upstream from taking more than its places', async () => {
    const origin = await serve(() => undefined)
    const { upstream, upstreams, events } = openUpstream({
      targets: [origin.url],
      inFlightMax: 2,
      queue: { max: 1, timeout: '30ms' },
      retries: { attempts: 0 },
      timeouts: { firstByte: '200ms' },
    })
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => upstream.forward(forwardRequest())),
    )
    expect(
      outcomes.map((outcome) => String(status(outcome))).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual([
      'upstream_timeout',
      'upstream_timeout',
      'upstream_unavailable',
      'upstream_unavailable',
      'upstream_unavailable',
    ])
    expect(origin.heads).toHaveLength(2)
    expect(upstream.stats().overloaded).toBe(3)
    expect(events.filter((event) => event.kind === 'overloaded')).toHaveLength(3)
    await upstreams.close(1000)
  })
})

describe('closing', () => {
  test('waits for what is in flight and cuts off what is too slow', async () => {
    let finish = (): void => {}
    const origin = await serve((head, _count, socket) => {
      if (head.startsWith('GET /fast')) finish = () => socket.write(answerWith('done'))
      return undefined
    })
    const { upstream, upstreams } = openUpstream({
      targets: [origin.url],
      retries: { attempts: 0 },
    })
    const fast = upstream.forward(forwardRequest({ path: '/fast' }))
    await until(() => origin.heads.length === 1)
    const closed = upstreams.close(5000)
    finish()
    await closed
    expect(status(await fast)).toBe(200)
    const slow = upstream.forward(forwardRequest({ path: '/slow' }))
    await until(() => origin.heads.length === 2)
    await upstreams.close(20)
    expect(status(await slow)).toBe('upstream_timeout')
  })
})

describe('balance', () => {
  const targets = (weights: readonly number[]): Target[] =>
    weights.map((weight, index) =>
      createTarget(
        { url: `http://127.0.0.1:${index + 1}`, weight },
        {
          upstream: 'test',
          config: upstreamConfig.parse({ targets: ['http://127.0.0.1:1'] }),
          clock: createManualClock(),
          mayEject: () => true,
          onEvent: () => {},
        },
      ),
    )
  const shares = (all: readonly Target[], chosen: readonly (Target | undefined)[]): number[] =>
    all.map((target) => chosen.filter((one) => one === target).length)

  test('round robin gives turns in exact proportion to weight, spread out', () => {
    const all = targets([3, 1, 1])
    const pick = createPick('round-robin', all, createSeededRandom(1))
    const chosen = Array.from({ length: 10 }, () => pick(0, []))
    expect(shares(all, chosen)).toEqual([6, 2, 2])
    expect(chosen.slice(0, 5).map((target) => all.indexOf(target!))).toEqual([0, 1, 0, 2, 0])
  })

  test('least in flight keeps loads nearly even, also by weight', () => {
    const all = targets([1, 1, 1, 1])
    const pick = createPick('least-in-flight', all, createSeededRandom(2))
    for (let count = 0; count < 400; count++) pick(0, [])?.enter(0)
    const loads = all.map((target) => target.inFlight)
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(10)
    const uneven = targets([4, 1])
    const weighted = createPick('least-in-flight', uneven, createSeededRandom(3))
    for (let count = 0; count < 500; count++) weighted(0, [])?.enter(0)
    expect(uneven[0]!.inFlight / uneven[1]!.inFlight).toBeCloseTo(4, 0)
  })

  test('prefers a target that was not tried yet and skips those that are away', () => {
    const all = targets([1, 1])
    const pick = createPick('round-robin', all, createSeededRandom(4))
    expect(pick(0, [all[0]!])).toBe(all[1])
    expect(pick(0, all)).toBeDefined()
    all[1]!.setHealthy(false)
    expect(pick(0, [all[0]!])).toBe(all[0])
    all[0]!.setHealthy(false)
    expect(pick(0, [])).toBeUndefined()
  })
})

test('pauses before retries are random below a ceiling that doubles to the bound', () => {
  const limits = { backoff: 10, backoffMax: 50 }
  expect([0, 1, 2, 3, 9].map((retry) => backoffMs(retry, limits, 0.5))).toEqual([5, 10, 20, 25, 25])
})

test.each([
  ['120', 120_000],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', undefined],
  [null, undefined],
])('Retry-After %p is %p ms', (value, expected) => {
  expect(retryAfterMs(value, 1_767_225_600_000)).toBe(expected)
})

describe('the configuration', () => {
  test.each([
    [{ targets: [] }, 'targets'],
    [{ targets: ['ftp://x'] }, 'targets'],
    [{ targets: ['http://user:pass@x'] }, 'targets'],
    [{ targets: ['http://x?y'] }, 'targets'],
    [{ targets: ['http://x'], request: { set: { 'x y': 'z' } } }, 'request'],
    [{ targets: ['http://x'], request: { set: { x: 'a\r\nb: c' } } }, 'request'],
    [{ targets: ['http://x'], unknown: true }, 'unknown'],
    [{ targets: ['http://x'], timeouts: { idle: 5 } }, 'idle'],
  ])('refuses %j', (input, where) => {
    const parsed = upstreamConfig.safeParse(input)
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error?.issues)).toContain(where)
  })

  test('fills in defaults', () => {
    const config = upstreamConfig.parse({
      targets: ['http://x:1', { url: 'unix:/run/x', weight: 3 }],
    })
    expect(config.targets).toEqual([
      { url: 'http://x:1', weight: 1 },
      { url: 'unix:/run/x', weight: 3 },
    ])
    expect(config).toMatchObject({ balance: 'round-robin', inFlightMax: 1024, identity: true })
    expect(config.timeouts).toEqual({ connect: 3000, firstByte: 15_000, idle: 60_000 })
  })
})
