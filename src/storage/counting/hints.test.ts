import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
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
import type { SlotHint } from '../counters.ts'
import { CounterEngine } from './engine.ts'
import { placeOf, serialIn, slotIn } from './place.ts'
import { SERIALS_MAX, SLOTS_MAX } from './slot-index.ts'

const noHint = (id: string): SlotHint => ({ id, counterPlace: -1, counterEra: undefined })

const LIMITS = [bucket(4), sliding(3), sliding(2, HOUR_MS), calendar(5, 'day'), concurrency(2)]

const arbitraryStep = fc.record({
  claims: fc.uniqueArray(
    fc.record({
      limit: fc.nat(LIMITS.length - 1),
      /** Whom it counts: mostly the caller, else whom many callers share. */
      by: fc.constantFrom('caller', 'caller', 'caller', 'tenant', 'b'),
    }),
    { minLength: 1, maxLength: 4, selector: ({ limit }) => limit },
  ),
  caller: fc.constantFrom('a', 'b', 'c', 'd', ''),
  /** Counters that this one is asked of: two know the same callers. */
  counters: fc.nat(1),
  /** One that is made anew each time, or kept, or kept by another who goes by the same name. */
  hint: fc.constantFrom('none', 'kept', 'kept', 'twin'),
  cost: fc.constantFrom(0, 1, 1, 2),
  brief: fc.boolean(),
  passMs: fc.constantFrom(0, 1, 700, HOUR_MS, DAY_MS),
  reset: fc.boolean(),
})

test('a hint changes nothing that is decided, however old it is and whoever brings it', () => {
  const entriesMax = fc.integer({ min: 1, max: 12 })
  // Few serials, so that they are given again and again.
  const serialsMax = fc.integer({ min: 16, max: 40 })
  fc.assert(
    fc.property(
      entriesMax,
      serialsMax,
      fc.array(arbitraryStep, { maxLength: 120 }),
      (entries, serials, steps) => {
        const hinted = [0, 1].map(() => new CounterEngine(entries, undefined, 0, serials))
        const plain = [0, 1].map(() => new CounterEngine(entries, undefined))
        const hints = new Map<string, SlotHint>()
        let nowMs = START_MS
        for (const step of steps) {
          nowMs += step.passMs
          const claims = step.claims.map(({ limit, by }) => {
            const subject = by === 'caller' ? step.caller : by
            return claimOf(LIMITS[limit]!, { name: `limit ${limit}`, subject, cost: step.cost })
          })
          const name = `${step.hint} ${step.caller}`
          const hint = (step.hint !== 'none' && hints.get(name)) || noHint(step.caller)
          hints.set(name, hint)
          const [engine, twin] = [hinted[step.counters]!, plain[step.counters]!]
          const outcome = engine.take(claims, nowMs, step.brief, hint)
          expect(outcome).toEqual(twin.take(claims, nowMs, step.brief))
          const states = claims.map((claim) => engine.peek(claim, nowMs))
          expect(states).toEqual(claims.map((claim) => twin.peek(claim, nowMs)))
          if (step.reset) {
            for (const each of [engine, twin]) each.reset(claims[0]!.name, claims[0]!.subject)
          }
          expect(engine.size).toBe(twin.size)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a hint is kept up for whoever asks, and names a subject by its serial only when it is their own', () => {
  const engine = new CounterEngine(100, undefined)
  const hint = noHint('own')
  const take = (subject: string): [number, number] => {
    engine.take([claimOf(bucket(10), { subject })], START_MS, true, hint)
    return [slotIn(hint.counterPlace), serialIn(hint.counterPlace)]
  }
  expect(take('other')).toEqual([0, 0])
  expect(take('own')).toEqual([1, 2])
  expect(take('other')).toEqual([0, 0])
})

test('a freed counter that another subject was given is not found by the hint of the first', () => {
  const engine = new CounterEngine(100, undefined)
  const [first, second] = [noHint('first'), noHint('second')]
  const claim = (subject: string, cost: number) => [claimOf(bucket(10), { subject, cost })]
  engine.take(claim('first', 4), START_MS, true, first)
  engine.reset('limit', 'first')
  engine.take(claim('second', 10), START_MS, true, second)
  expect(slotIn(first.counterPlace)).toBe(slotIn(second.counterPlace))
  expect(engine.take(claim('first', 1), START_MS, false, first)).toMatchObject({
    granted: true,
    states: [{ remaining: 9 }],
  })
})

test('a serial that is given again is not taken for the one that a hint remembers', () => {
  const engine = new CounterEngine(100, undefined, 0, 3)
  const claim = (subject: string) => [claimOf(bucket(10), { subject })]
  const hint = noHint('a')
  engine.take(claim('a'), START_MS, true, hint)
  engine.reset('limit', 'a')
  for (const subject of ['b', 'c', 'd']) {
    const own = noHint(subject)
    engine.take(claim(subject), START_MS, true, own)
    // The last has slot and serial of the first.
    if (subject === 'd') expect(own.counterPlace).toBe(hint.counterPlace)
    else engine.reset('limit', subject)
  }
  expect(engine.take(claim('a'), START_MS, false, hint)).toMatchObject({
    states: [{ remaining: 9 }],
  })
  expect(engine.size).toBe(2)
})

test('a hint of other counters, such as those before a restart, is no hint', () => {
  const hint = noHint('own')
  const others = ['own', 'other'].map((subject) => [claimOf(bucket(10), { subject })])
  const [before, after] = [new CounterEngine(9, undefined), new CounterEngine(9, undefined)]
  before.take(others[0]!, START_MS, true, hint)
  // The same slot and serial, of somebody else.
  after.take(others[1]!, START_MS)
  expect(after.take(others[0]!, START_MS, false, hint)).toMatchObject({
    states: [{ remaining: 9 }],
  })
  expect(after.size).toBe(2)
})

test('a place keeps every slot and serial apart', () => {
  for (const slot of [0, 1, 2, SLOTS_MAX - 1, SLOTS_MAX]) {
    for (const serial of [0, 1, 2, SERIALS_MAX - 1, SERIALS_MAX]) {
      const place = placeOf(slot, serial)
      expect([slotIn(place), serialIn(place)]).toEqual([slot, serial])
    }
  }
  expect([slotIn(placeOf(-1, 0)), serialIn(placeOf(-1, 0))]).toEqual([-1, 0])
})
