import { describe, expect, test } from 'bun:test'
import type { Claim, Counters } from '../counters.ts'
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
} from './claims.ts'
import { thrownBy } from './thrown-by.ts'

/** Makes counters for one test, with a function that tears them down. */
export type CountersFactory = () => Promise<{ counters: Counters; end: () => Promise<void> }>

const SHAPES = { bucket, sliding, calendar, concurrency } as const

/** Registers the tests that every {@link Counters} adapter must pass. */
export function describeCounters(adapter: string, create: CountersFactory): void {
  const with_ = async (run: (counters: Counters) => Promise<void>): Promise<void> => {
    const { counters, end } = await create()
    try {
      await run(counters)
    } finally {
      await end()
    }
  }
  describe(`counters: ${adapter}`, () => {
    for (const [kind, shape] of Object.entries(SHAPES)) {
      test(`${kind}: 500 at once against a limit of 100 admit exactly 100`, async () => {
        await with_(async (counters) => {
          const claim = claimOf(shape(100))
          const outcomes = await Promise.all(
            Array.from({ length: 500 }, async () => counters.take([claim], START_MS)),
          )
          expect(outcomes.filter((outcome) => outcome.granted).length).toBe(100)
          const state = await counters.peek(claim, START_MS)
          expect(state).toMatchObject({ limit: 100, remaining: 0, exceeded: true })
          expect(state.retryMs).toBeGreaterThan(0)
        })
      })

      test(`${kind}: a brief take counts as any other, and a refusal tells its states`, async () => {
        await with_(async (counters) => {
          const claim = claimOf(shape(3), { cost: 2 })
          expect((await counters.take([claim], START_MS, true)).granted).toBe(true)
          const refused = await counters.take([claim], START_MS, true)
          expect(refused).toMatchObject({ granted: false, states: [{ remaining: 1 }] })
          expect(await counters.peek(claim, START_MS)).toMatchObject({ remaining: 1 })
        })
      })

      test(`${kind}: cost is taken in full or not at all`, async () => {
        await with_(async (counters) => {
          const of = (cost: number): Claim => claimOf(shape(10), { cost })
          expect((await counters.take([of(7)], START_MS)).granted).toBe(true)
          expect((await counters.take([of(4)], START_MS)).granted).toBe(false)
          expect((await counters.take([of(3)], START_MS)).states[0]!.remaining).toBe(0)
          expect((await counters.take([of(0)], START_MS)).granted).toBe(true)
          expect((await counters.peek(of(11), START_MS)).retryMs).toBe(Infinity)
        })
      })

      test(`${kind}: a shadow claim counts and reports but never refuses`, async () => {
        await with_(async (counters) => {
          const claim = claimOf(shape(2), { shadow: true })
          const exceeded: boolean[] = []
          for (let at = 0; at < 4; at++) {
            const outcome = await counters.take([claim], START_MS)
            expect(outcome.granted).toBe(true)
            exceeded.push(outcome.states[0]!.exceeded)
          }
          expect(exceeded).toEqual([false, false, true, true])
        })
      })

      test(`${kind}: a raised or lowered limit keeps what was used`, async () => {
        await with_(async (counters) => {
          await counters.take([claimOf(shape(10), { cost: 6 })], START_MS)
          const raised = await counters.peek(claimOf(shape(20)), START_MS)
          expect(raised.remaining).toBe(14)
          const lowered = await counters.take([claimOf(shape(5))], START_MS)
          expect(lowered.granted).toBe(false)
          expect(lowered.states[0]!.remaining).toBe(0)
        })
      })

      test(`${kind}: an operator's reset forgets one subject of one limit`, async () => {
        await with_(async (counters) => {
          const claims = ['a', 'b'].map((subject) => claimOf(shape(1), { subject }))
          for (const claim of claims) await counters.take([claim], START_MS)
          await counters.reset('limit', 'a')
          const granted = claims.map(async (claim) => counters.take([claim], START_MS))
          expect((await Promise.all(granted)).map((outcome) => outcome.granted)).toEqual([
            true,
            false,
          ])
        })
      })
    }

    test('several claims are taken all or none', async () => {
      await with_(async (counters) => {
        const wide = claimOf(bucket(10), { name: 'wide' })
        const narrow = claimOf(calendar(1), { name: 'narrow' })
        const flight = claimOf(concurrency(5), { name: 'flight' })
        const claims = [wide, narrow, flight]
        expect((await counters.take(claims, START_MS)).granted).toBe(true)
        const refused = await counters.take(claims, START_MS)
        expect(refused.granted).toBe(false)
        expect(refused.states.map((state) => state.exceeded)).toEqual([false, true, false])
        expect(refused.states.map((state) => state.remaining)).toEqual([9, 0, 4])
        expect((await counters.peek(wide, START_MS)).remaining).toBe(9)
        expect((await counters.peek(flight, START_MS)).remaining).toBe(4)
      })
    })

    test('the same limit twice in one request counts twice', async () => {
      await with_(async (counters) => {
        const claim = claimOf(sliding(3), { cost: 2 })
        expect((await counters.take([claim, claim], START_MS)).granted).toBe(false)
        expect((await counters.take([claim, { ...claim, cost: 1 }], START_MS)).granted).toBe(true)
        expect((await counters.peek(claim, START_MS)).remaining).toBe(0)
      })
    })

    test('subjects and limits do not touch each other', async () => {
      await with_(async (counters) => {
        const shape = bucket(1)
        const claims = [
          claimOf(shape),
          claimOf(shape, { subject: 'other' }),
          claimOf(shape, { name: 'other' }),
        ]
        for (const claim of claims) {
          expect((await counters.take([claim], START_MS)).granted).toBe(true)
        }
      })
    })

    test('a bucket lets one unit go every window / limit, up to its burst', async () => {
      await with_(async (counters) => {
        const claim = claimOf(bucket(60, 3))
        const burst = await counters.take([{ ...claim, cost: 3 }], START_MS)
        expect(burst.states[0]).toMatchObject({ remaining: 0, resetMs: 3000 })
        expect((await counters.peek(claim, START_MS)).retryMs).toBe(1000)
        expect((await counters.take([claim], START_MS + 999)).granted).toBe(false)
        expect((await counters.take([claim], START_MS + 1000)).granted).toBe(true)
        expect((await counters.take([claim], START_MS + 1000)).granted).toBe(false)
        expect((await counters.peek(claim, START_MS + HOUR_MS)).remaining).toBe(3)
      })
    })

    test('a sliding window weighs the window before by what still overlaps', async () => {
      await with_(async (counters) => {
        const claim = claimOf(sliding(10))
        await counters.take([{ ...claim, cost: 10 }], START_MS + 30_000)
        expect((await counters.take([claim], START_MS + MINUTE_MS)).granted).toBe(false)
        const state = await counters.peek(claim, START_MS + MINUTE_MS)
        expect(state.retryMs).toBe(6000)
        expect((await counters.take([claim], START_MS + MINUTE_MS + 6000)).granted).toBe(true)
        expect((await counters.peek(claim, START_MS + 1.5 * MINUTE_MS)).remaining).toBe(4)
        expect((await counters.peek(claim, START_MS + 3 * MINUTE_MS)).remaining).toBe(10)
      })
    })

    test('a calendar window ends with the day of its own place', async () => {
      await with_(async (counters) => {
        const claim = claimOf(calendar(1, 'day', 2 * HOUR_MS))
        const taken = await counters.take([claim], START_MS)
        expect(taken.states[0]!.resetMs).toBe(22 * HOUR_MS)
        expect((await counters.take([claim], START_MS + 22 * HOUR_MS - 1)).granted).toBe(false)
        expect((await counters.take([claim], START_MS + 22 * HOUR_MS)).granted).toBe(true)
      })
    })

    test('weeks start on Monday and months on the first', async () => {
      await with_(async (counters) => {
        const state = async (window: 'week' | 'month' | 'hour' | 'minute') =>
          counters.peek(claimOf(calendar(1, window), { name: window }), START_MS)
        expect((await state('week')).resetMs).toBe(4 * DAY_MS)
        expect((await state('month')).resetMs).toBe(31 * DAY_MS)
        expect((await state('hour')).resetMs).toBe(HOUR_MS)
        expect((await state('minute')).resetMs).toBe(MINUTE_MS)
      })
    })

    test('what is in flight comes back by release alone, and never more than was taken', async () => {
      await with_(async (counters) => {
        const claim = claimOf(concurrency(2))
        const other = claimOf(bucket(1), { name: 'rate' })
        expect((await counters.take([claim, other], START_MS)).granted).toBe(true)
        expect((await counters.take([claim], START_MS + DAY_MS)).granted).toBe(true)
        expect((await counters.take([claim], START_MS + 2 * DAY_MS)).granted).toBe(false)
        counters.release([claim, other])
        counters.release([claim])
        counters.release([claim])
        expect((await counters.peek(claim, START_MS + 2 * DAY_MS)).remaining).toBe(2)
        expect((await counters.take([{ ...claim, cost: 3 }], START_MS + 2 * DAY_MS)).granted).toBe(
          false,
        )
      })
    })

    test('a clock that goes back neither refunds nor freezes', async () => {
      await with_(async (counters) => {
        const rate = claimOf(bucket(60, 2), { name: 'rate' })
        const quota = claimOf(calendar(2), { name: 'quota' })
        const window = claimOf(sliding(2), { name: 'window' })
        const all = [rate, quota, window]
        const late = START_MS + 10 * DAY_MS
        await counters.take(all, late)
        await counters.take(all, late)
        for (const claim of all) {
          expect((await counters.take([claim], START_MS)).granted).toBe(false)
        }
        expect((await counters.take([rate], START_MS + 1000)).granted).toBe(true)
        expect((await counters.take([window], START_MS + 2 * MINUTE_MS)).granted).toBe(true)
        expect((await counters.take([quota], START_MS + DAY_MS)).granted).toBe(true)
      })
    })

    test('stepping over midnight and back does not refund the new day', async () => {
      await with_(async (counters) => {
        const claim = claimOf(calendar(2))
        const midnight = START_MS + DAY_MS
        await counters.take([claim], midnight + 1)
        await counters.take([claim], midnight - 5000)
        expect((await counters.take([claim], midnight + 2)).granted).toBe(false)
        expect((await counters.take([claim], midnight + DAY_MS)).granted).toBe(true)
      })
    })

    test('another kind of limit under the same name goes on with what was used', async () => {
      await with_(async (counters) => {
        await counters.take([claimOf(bucket(10), { cost: 8 })], START_MS)
        for (const shape of [sliding(10), calendar(10), sliding(10, HOUR_MS), bucket(10)]) {
          expect((await counters.peek(claimOf(shape), START_MS)).remaining).toBe(2)
        }
      })
    })

    test('a negative cost is refused loudly', async () => {
      await with_(async (counters) => {
        const claim = claimOf(bucket(1), { cost: -1 })
        const error = await thrownBy(async () => counters.take([claim], START_MS))
        expect(error.message).toContain('negative')
      })
    })
  })
}
