import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  bucket,
  calendar,
  claimOf,
  concurrency,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  sliding,
  START_MS,
} from '../contract/claims.ts'
import type { Claim, SlotHint, TakeOutcome } from '../counters.ts'
import { CounterEngine } from './engine.ts'
import { placeOf, serialIn, slotIn } from './place.ts'
import { SERIALS_MAX, SLOTS_MAX } from './slot-index.ts'
import type { Reservations, StoredUse } from './stored-use.ts'

const noHint = (id: string): SlotHint => ({ id, counterPlace: -1, counterEra: undefined })

const LIMITS = [bucket(4), sliding(3), sliding(2, HOUR_MS), calendar(5, 'day'), concurrency(2)]

/** Mostly what comes first. */
const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 7, arbitrary: fc.constant(usual) },
    { weight: 3, arbitrary: fc.constantFrom(...others) },
  )

const anyClaims = fc.uniqueArray(
  fc.record({
    limit: fc.nat(LIMITS.length - 1),
    /** Whom it counts: mostly the caller, else whom many callers share. */
    by: mostly('', 'tenant', 'b'),
  }),
  { minLength: 1, maxLength: 4, selector: ({ limit }) => limit },
)

const usualClaims = mostly([0, 3], [3, 0], [1, 3], [1, 0], [3]).map((limits) =>
  limits.map((limit) => ({ limit, by: '' })),
)

const arbitraryStep = fc.record({
  claims: fc.oneof({ weight: 3, arbitrary: usualClaims }, { weight: 1, arbitrary: anyClaims }),
  caller: mostly('a', 'b', 'c', 'd', ''),
  /** Counters that this one is asked of: two know the same callers. */
  counters: mostly(0, 1),
  /** One that is made anew each time, or kept, or kept by another who goes by the same name. */
  hint: mostly('kept', 'none', 'twin'),
  cost: mostly(1, 0, 0.5, 2),
  isShadow: mostly(false, true),
  brief: mostly(true, false),
  passMs: mostly(0, 1, 700, MINUTE_MS, MINUTE_MS, HOUR_MS, DAY_MS),
  isReset: mostly(false, false, false, true),
})

/** An engine whose calendars are kept, in chunks of two units, as long as the desk. */
class Desk {
  readonly engine: CounterEngine
  /** What the engine said that it uses of what is reserved. */
  readonly said: unknown[] = []
  readonly #rows = new Map<string, StoredUse>()

  constructor(entriesMax: number, isKept: boolean, serialsMax?: number) {
    const used: Reservations['used'] = ({ name, subject }, left) =>
      this.said.push([name, subject, left])
    this.engine = new CounterEngine(entriesMax, isKept ? { used } : undefined, 0, serialsMax)
  }

  take(claims: readonly Claim[], nowMs: number, brief: boolean, hint?: SlotHint): TakeOutcome {
    for (let turn = 0; turn < 9; turn++) {
      this.said.length = 0
      const outcome = this.engine.take(claims, nowMs, brief, hint)
      if ('granted' in outcome) return outcome
      this.#prepare(outcome, claims, nowMs)
    }
    throw new Error('the counters ask again and again')
  }

  reset({ name, subject }: Claim): void {
    this.engine.reset(name, subject)
    this.#rows.delete(`${name} ${subject}`)
  }

  #prepare(claim: Claim, beside: readonly Claim[], nowMs: number): void {
    const id = `${claim.name} ${claim.subject}`
    const known = this.engine.calendarUse(claim, nowMs)
    const use = known ?? this.engine.load(claim, this.#rows.get(id), nowMs, beside)
    const wanted = use.used + claim.cost
    if (wanted > claim.shape.limit) return
    const reserved = Math.min(Math.max(wanted, use.reserved) + 2, claim.shape.limit)
    this.#rows.set(id, { used: reserved, endMs: use.endMs })
    this.engine.reserve(claim, reserved, use.endMs)
  }
}

test('a hint changes nothing that is decided, however old it is and whoever brings it', () => {
  const entriesMax = fc.integer({ min: 1, max: 14 })
  // Few serials, so that they are given again and again.
  const serialsMax = fc.integer({ min: 18, max: 40 })
  const arbitrarySteps = fc.array(arbitraryStep, { maxLength: 120, size: 'max' })
  fc.assert(
    fc.property(
      entriesMax,
      serialsMax,
      fc.boolean(),
      arbitrarySteps,
      (entries, serials, isKept, steps) => {
        const hinted = [0, 1].map(() => new Desk(entries, isKept, serials))
        const plain = [0, 1].map(() => new Desk(entries, isKept))
        const hints = new Map<string, SlotHint>()
        let nowMs = START_MS
        for (const step of steps) {
          nowMs += step.passMs
          const claims = step.claims.map(({ limit, by }) => {
            const subject = by === '' ? step.caller : by
            const { cost, isShadow: shadow } = step
            return claimOf(LIMITS[limit]!, { name: `limit ${limit}`, subject, cost, shadow })
          })
          const name = `${step.hint} ${step.caller}`
          const hint = (step.hint !== 'none' && hints.get(name)) || noHint(step.caller)
          hints.set(name, hint)
          const [desk, twin] = [hinted[step.counters]!, plain[step.counters]!]
          const outcome = desk.take(claims, nowMs, step.brief, hint)
          expect(outcome).toEqual(twin.take(claims, nowMs, step.brief))
          expect(desk.said).toEqual(twin.said)
          const states = claims.map((claim) => desk.engine.peek(claim, nowMs))
          expect(states).toEqual(claims.map((claim) => twin.engine.peek(claim, nowMs)))
          if (step.isReset) for (const each of [desk, twin]) each.reset(claims[0]!)
          expect(desk.engine.size).toBe(twin.engine.size)
        }
      },
    ),
    { numRuns: 150 },
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

test('a calendar that a hint finds begins anew with its window, also when another has asked first', () => {
  const engine = new CounterEngine(100, undefined)
  const shape = calendar(3, 'day')
  const hints = ['a', 'b'].map(noHint)
  const take = (at: number, nowMs: number) => {
    const claim = claimOf(shape, { subject: hints[at]!.id })
    engine.take([claim], nowMs, true, hints[at])
    return engine.peek(claim, nowMs)
  }
  for (const at of [0, 0, 1]) take(at, START_MS)
  expect(take(1, START_MS + DAY_MS)).toMatchObject({ remaining: 2 })
  expect(take(0, START_MS + DAY_MS)).toMatchObject({ remaining: 2 })
  expect(take(0, START_MS + DAY_MS)).toMatchObject({ remaining: 1 })
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
