import { describe, expect, test } from 'bun:test'
import type { SlotHint } from '../counters.ts'
import {
  bucket,
  calendar,
  claimOf,
  concurrency,
  DAY_MS,
  HOUR_MS,
  sliding,
  START_MS,
} from '../contract/claims.ts'
import { describeCounterProperties } from '../contract/counters-properties.ts'
import { describeCounters } from '../contract/counters.ts'
import { CounterEngine } from './engine.ts'
import { createMemoryCounters } from './in-process.ts'
import { slotIn } from './place.ts'

const create = async () => {
  const counters = createMemoryCounters()
  return { counters, end: async () => counters.close() }
}

const noHint = (id: string): SlotHint => ({ id, counterPlace: -1, counterEra: undefined })

describeCounters('memory', create)
describeCounterProperties('memory', create)

test('what one request asks of a subject lies side by side, also when its calendar is read from disk first', () => {
  const engine = new CounterEngine(100, { used: () => {} })
  for (const subject of ['a', 'b']) {
    const asked = [bucket(10), calendar(10, 'day')].map((shape) =>
      claimOf(shape, { name: shape.kind, subject }),
    )
    expect(engine.take(asked, START_MS)).toBe(asked[1]!)
    engine.load(asked[1]!, undefined, START_MS, asked)
    engine.reserve(asked[1]!, 5, engine.calendarUse(asked[1]!, START_MS)!.endMs)
    const slots = asked.map((claim) => {
      const hint = noHint(subject)
      engine.take([claim], START_MS, true, hint)
      return slotIn(hint.counterPlace)
    })
    expect(slots).toEqual(subject === 'a' ? [1, 0] : [3, 2])
  }
})

describe('a bound on memory', () => {
  test('holds whatever a stranger asks, and the heavy user stays counted', () => {
    const engine = new CounterEngine(1000, undefined)
    const heavy = claimOf(sliding(100, DAY_MS), { subject: 'heavy', cost: 100 })
    engine.take([heavy], START_MS)
    for (let at = 0; at < 50_000; at++) {
      engine.take([claimOf(sliding(100, DAY_MS), { subject: `stranger ${at}` })], START_MS)
    }
    expect(engine.size).toBeLessThanOrEqual(1000)
    expect(engine.take([heavy], START_MS)).toMatchObject({ granted: false })
  })

  test('frees counters that are as if untouched before it is reached', () => {
    const engine = new CounterEngine(1_000_000, undefined)
    const shapes = [bucket(10), sliding(10), calendar(10, 'minute')]
    for (let at = 0; at < 20_000; at++) {
      const shape = shapes[at % 3]!
      engine.take([claimOf(shape, { name: shape.kind, subject: `${at}` })], START_MS + at * 1000)
    }
    expect(engine.size).toBeLessThan(2000)
  })

  test('never evicts what is in flight, so that releases always match', () => {
    const engine = new CounterEngine(10, undefined)
    const claims = Array.from({ length: 50 }, (_, at) =>
      claimOf(concurrency(1), { subject: `${at}` }),
    )
    for (const claim of claims) engine.take([claim], START_MS)
    for (const claim of claims) {
      expect(engine.take([claim], START_MS)).toMatchObject({ granted: false })
    }
    engine.release(claims)
    expect(engine.size).toBe(0)
  })

  test('two claims of one request do not evict each other', () => {
    const engine = new CounterEngine(1, undefined)
    const claims = ['a', 'b'].map((subject) => claimOf(bucket(2), { subject, cost: 2 }))
    expect(engine.take(claims, START_MS)).toMatchObject({ granted: true })
    expect(engine.take(claims.slice(1), START_MS)).toMatchObject({ granted: false })
  })

  test('a refused request leaves no trace of new subjects', () => {
    const engine = new CounterEngine(100, undefined)
    const full = claimOf(bucket(1), { subject: 'full' })
    engine.take([full], START_MS)
    for (let at = 0; at < 50; at++) {
      engine.take([full, claimOf(bucket(5, 5, HOUR_MS), { subject: `${at}` })], START_MS)
    }
    expect(engine.size).toBe(1)
  })
})
