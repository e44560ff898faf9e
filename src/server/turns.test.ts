import { expect, test } from 'bun:test'
import { until } from '../core/until.fixture.ts'
import { watchTurns } from './turns.fixture.ts'

test('what processes that are stopped together miss counts once', async () => {
  const processes = Array.from({ length: 4 }, () => Bun.spawn(['sleep', '60']))
  const beganMs = performance.now()
  const turns = watchTurns(processes.map(({ pid }) => pid))
  try {
    for (const process of processes) process.kill('SIGSTOP')
    let excused = 0
    await until(() => {
      const missedMs = turns.missedMs()
      // Counted four times it would be near 4.
      excused = missedMs / (performance.now() - beganMs)
      return missedMs > 200
    }, 'time that was missed')
    expect(excused).toBeLessThanOrEqual(1)
  } finally {
    turns.stop()
    for (const process of processes) process.kill('SIGKILL')
  }
})
