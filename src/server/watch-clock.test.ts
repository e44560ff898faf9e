import { expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import { createLogger } from '../signals/index.ts'
import { watchClock } from './watch-clock.ts'

test('the log says that the clock was set, by how much and which way, once for each time', () => {
  const clock = createManualClock()
  let text = ''
  const logger = createLogger({ clock, sink: { write: (lines) => void (text += lines) } })
  const look = watchClock(clock, logger)
  const jumps = (shiftMs: number): unknown[] => {
    text = ''
    clock.setWall(clock.nowMs() + shiftMs)
    clock.advance(1000)
    look()
    logger.flush()
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { byMs: number }).byMs)
  }
  expect(jumps(0)).toEqual([])
  expect(jumps(86_400_000)).toEqual([86_400_000])
  expect(jumps(0)).toEqual([])
  expect(jumps(-86_400_000)).toEqual([-86_400_000])
  expect(jumps(400)).toEqual([])
})
