import { describe, expect, test } from 'bun:test'
import type { TrafficEntry } from '../../ledger/index.ts'
import type { Report } from './messages.ts'
import type { ReportOutbox } from './report-outbox.ts'
import { createReportOutbox } from './report-outbox.ts'
import { decodeTraffic, encodeTraffic } from './traffic-wire.ts'

const entry = (durationUs: number): TrafficEntry => ({
  timeMs: 1,
  tenantId: 'acme',
  actorKind: 'key',
  actorId: 'key_1',
  action: 'scene:read',
  target: 'target',
  outcome: 'allow',
  status: 200,
  route: '/scene/{id}',
  method: 'GET',
  path: '/scene/1',
  requestId: 'req',
  requestIdTail: '',
  address: '127.0.0.1',
  durationUs,
  details: { size: 5 },
})

interface Rig {
  readonly outbox: ReportOutbox
  readonly reports: Report[]
  /** Resolves once this many reports have been sent. */
  sent(count: number): Promise<void>
}

function createRig(queueMax: number, intervalMs = 60_000): Rig {
  const reports: Report[] = []
  let waiting: { count: number; resolve: () => void } | undefined
  const outbox = createReportOutbox({
    send: (report) => {
      reports.push(report)
      if (waiting !== undefined && reports.length >= waiting.count) waiting.resolve()
    },
    queueMax,
    intervalMs,
  })
  const sent = async (count: number): Promise<void> => {
    if (reports.length >= count) return
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting = { count, resolve }
    await promise
  }
  return { outbox, reports, sent }
}

const numbersOf = (reports: readonly Report[]): number[] =>
  reports.flatMap(({ traffic }) => traffic.map((wire) => decodeTraffic(wire).durationUs))

describe('a report outbox', () => {
  test('keeps every field of an entry', () => {
    expect(decodeTraffic(encodeTraffic(entry(7)))).toEqual(entry(7))
  })

  test('sends at most 100 requests at once, in order, each exactly once', async () => {
    const { outbox, reports, sent } = createRig(10_000)
    for (let at = 0; at < 250; at += 1) outbox.record(entry(at))
    await sent(3)
    expect(reports.map(({ traffic }) => traffic.length)).toEqual([100, 100, 50])
    expect(numbersOf(reports)).toEqual(Array.from({ length: 250 }, (_, at) => at))
  })

  test('does not wait for a hundred longer than the interval', async () => {
    const { outbox, reports, sent } = createRig(10_000, 5)
    outbox.record(entry(1))
    expect(reports).toEqual([])
    await sent(1)
    expect(numbersOf(reports)).toEqual([1])
  })

  test('holds no more than it may when nobody takes reports in, and tells how many it dropped', async () => {
    const { outbox, reports, sent } = createRig(500)
    for (let round = 0; round < 64; round += 1) {
      for (let at = 0; at < 100; at += 1) outbox.record(entry(at))
      await sent(round + 1)
    }
    for (let at = 0; at < 800; at += 1) outbox.record(entry(at))
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    expect(reports).toHaveLength(64)
    outbox.confirm(64)
    await sent(69)
    const late = reports.slice(64)
    expect(late.map(({ traffic }) => traffic.length)).toEqual([100, 100, 100, 100, 100])
    expect(late.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(300)
  })

  test('is drained once all has been taken in', async () => {
    const { outbox, reports, sent } = createRig(1000)
    for (let at = 0; at < 3; at += 1) outbox.record(entry(at))
    let drained = false
    const done = outbox.drain().then(() => {
      drained = true
    })
    await sent(1)
    expect(numbersOf(reports)).toEqual([0, 1, 2])
    expect(drained).toBe(false)
    outbox.confirm(1)
    await done
    await createRig(10).outbox.drain()
  })

  test('sends violations with the current turn', async () => {
    const { outbox, reports, sent } = createRig(10)
    const violation = {
      code: 'rate_limited',
      address: '10.0.0.1',
      callerId: '',
      tenantId: '',
    } as const
    outbox.violation(violation)
    outbox.violation(violation)
    await sent(1)
    expect(reports).toEqual([{ traffic: [], dropped: 0, violations: [violation, violation] }])
  })
})
