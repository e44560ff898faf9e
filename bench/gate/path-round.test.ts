import { expect, test } from 'bun:test'
import { runRound } from './path-round.ts'

/** A log that writes only when it is told to, and holds so many records. */
function logOf(size: number) {
  const state = { queued: 0, written: 0, dropped: 0, flushes: 0 }
  return {
    state: () => ({
      status: 'open' as const,
      reason: undefined,
      retentionFailure: undefined,
      seq: state.written,
      ...state,
    }),
    async flush(): Promise<void> {
      state.flushes += 1
      state.written += state.queued
      state.queued = 0
    },
    async record(count: number): Promise<void> {
      const taken = Math.min(count, size - state.queued)
      state.queued += taken
      state.dropped += count - taken
    },
  }
}

test('requests wait for a log that writes slower than they come: none is lost, all are written at the end', async () => {
  const log = logOf(32_768)
  const round = await runRound(100_000, log, log.record)
  expect(round.requests).toBeGreaterThanOrEqual(100_000)
  expect(round).toMatchObject({ written: round.requests, dropped: 0 })
  expect(log.state().queued).toBe(0)
})

test('what waited before a round is not part of it, and records that were lost are told', async () => {
  const log = logOf(100)
  await log.record(90)
  const round = await runRound(128, log, log.record)
  expect(round).toMatchObject({ requests: 128, written: 100, dropped: 28 })
})
