import { expect, test } from 'bun:test'
import { planLoad, singleRequest } from '../plan-load.ts'
import { readTarget } from '../target.ts'
import { Tally } from './tally.ts'

test('requests stay under way through windows in which the generator had no turn', () => {
  const plan = planLoad({
    target: readTarget('http://127.0.0.1:1/'),
    scenario: singleRequest({ path: '/' }),
    level: 100,
    durationMs: 2000,
    seed: 1,
  })
  const tally = new Tally({ ...plan, share: { index: 0, count: 1 } })
  tally.sampled(20, 3)
  tally.sampled(240, 7)
  // Not scheduled for three windows; then those that came meanwhile are looked at.
  tally.sampled(1010, 2)
  tally.sampled(1240, 4)
  tally.sampled(1260, 1)
  const { windows } = tally.result(0, 0)
  expect(windows.map(({ inFlight }) => inFlight)).toEqual([7, 7, 7, 7, 4, 1])
})
