import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import { Pace } from './pace.ts'

const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve))

function open() {
  const clock = createManualClock()
  const writes: number[] = []
  const pace = new Pace(clock, () => {
    writes.push(clock.monotonicMs())
    pace.began()
  })
  return { clock, pace, writes }
}

describe('the pace of writes', () => {
  test('a hundred are written in a turn of their own, fewer are not, and once for all', async () => {
    const { pace, writes } = open()
    pace.waiting(99)
    await turn()
    expect(writes).toEqual([])
    pace.waiting(100)
    pace.waiting(101)
    expect(writes).toEqual([])
    await turn()
    expect(writes).toHaveLength(1)
  })

  test('after a write a hundred wait for the pause to be over, and are written once', async () => {
    const { clock, pace, writes } = open()
    pace.began()
    for (let requests = 100; requests < 110; requests++) pace.waiting(requests)
    while (writes.length === 0) await turn()
    clock.advance(4)
    pace.waiting(100)
    await turn()
    expect(writes).toEqual([0, 4])
  })

  test('very many are written at once', async () => {
    const { pace, writes } = open()
    pace.began()
    pace.waiting(1600)
    await turn()
    expect(writes).toHaveLength(1)
    expect([1599, 1600].map((requests) => pace.isOver(requests))).toEqual([false, true])
  })
})
