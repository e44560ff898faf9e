import { expect, test } from 'bun:test'
import { Pacing } from './pacing.ts'

/** One every 0.125 ms. */
const RATE = 8000

/** Takes all that is due. */
function takeAll(pacing: Pacing, nowMs: number): readonly number[] {
  const planned: number[] = []
  for (let due = pacing.take(nowMs); due !== undefined; due = pacing.take(nowMs)) planned.push(due)
  return planned
}

function started(): Pacing {
  const pacing = new Pacing(RATE)
  pacing.start(0)
  return pacing
}

test('requests are planned at the rate, from the first moment on', () => {
  const pacing = started()
  expect(takeAll(pacing, 0)).toEqual([0])
  expect(takeAll(pacing, 0.1)).toEqual([])
  expect(takeAll(pacing, 0.4)).toEqual([0.125, 0.25, 0.375])
})

test('what the generator slept through is skipped and counted, and the plan goes on as it was', () => {
  const pacing = started()
  takeAll(pacing, 0)
  expect(pacing.hasStalled(1.06, false)).toBe(true)
  expect(pacing.missed).toBe(8)
  expect(takeAll(pacing, 1.06)).toEqual([])
  expect(takeAll(pacing, 1.25)).toEqual([1.125, 1.25])
})

test('what waits for a server that has every connection is not skipped, however long it takes', () => {
  const pacing = started()
  takeAll(pacing, 0)
  expect(pacing.hasStalled(50, true)).toBe(false)
  expect(pacing.missed).toBe(0)
  expect(takeAll(pacing, 50)).toHaveLength(400)
})

test('a burst of answers takes its time, and is no stall', () => {
  const pacing = started()
  for (let answer = 0; answer < 50; answer++) pacing.worked()
  expect(pacing.hasStalled(1, false)).toBe(false)
  expect(pacing.hasStalled(2, false)).toBe(true)
})
