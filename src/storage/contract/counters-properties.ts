import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Claim } from '../counters.ts'
import { bucket, calendar, claimOf, concurrency, HOUR_MS, sliding, START_MS } from './claims.ts'
import { CountersModel } from './counters-model.ts'
import type { CountersFactory } from './counters.ts'

const SHAPES = [bucket(6, 4), sliding(5), calendar(9, 'day', 3 * HOUR_MS), concurrency(3)] as const

const arbitraryClaim = fc
  .record({
    kind: fc.nat({ max: SHAPES.length - 1 }),
    subject: fc.constantFrom('a', 'b'),
    cost: fc.integer({ min: 1, max: 3 }),
    shadow: fc.boolean(),
  })
  .map(({ kind, ...claim }) => claimOf(SHAPES[kind]!, { ...claim, name: `limit ${kind}` }))

const arbitraryStep = fc.record({
  // Whole units of the bucket and of the sliding window's weight, so that nothing depends on rounding.
  waitMs: fc.oneof(
    { weight: 8, arbitrary: fc.nat({ max: 9 }).map((units) => units * 2000) },
    { weight: 1, arbitrary: fc.nat({ max: 30 }).map((units) => units * HOUR_MS) },
  ),
  claims: fc.uniqueArray(arbitraryClaim, {
    minLength: 1,
    maxLength: 3,
    selector: ({ name, subject }) => `${name} ${subject}`,
  }),
  release: fc.nat({ max: 2 }),
})

/** Registers a test that any history of takes and releases is decided as the slow model decides it. */
export function describeCounterProperties(adapter: string, create: CountersFactory): void {
  describe(`counters: ${adapter}`, () => {
    test('any history is decided exactly as by remembering every take', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(arbitraryStep, { maxLength: 60 }), async (steps) => {
          const { counters, end } = await create()
          const model = new CountersModel()
          const held: Claim[] = []
          let nowMs = START_MS
          for (const { waitMs, claims, release } of steps) {
            nowMs += waitMs
            const outcome = await counters.take(claims, nowMs)
            const remaining = outcome.states.map((state) => state.remaining)
            expect({ granted: outcome.granted, remaining }).toEqual(model.take(claims, nowMs))
            if (outcome.granted) {
              held.push(...claims.filter(({ shape }) => shape.kind === 'concurrency'))
            }
            for (const claim of held.splice(0, release)) {
              counters.release([claim])
              model.release(claim)
            }
          }
          await end()
        }),
        { numRuns: 150 },
      )
    })
  })
}
