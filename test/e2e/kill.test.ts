import { describe, expect, test } from 'bun:test'
import { killRounds } from '../../bench/kill.ts'

/** `kill -9` under load; a longer run is `bench/kill.ts`. */

describe('killed with -9 under load', () => {
  test.each([
    [1, 4],
    [2, 2],
  ])(
    'with %d workers, %d times: nothing acknowledged is lost, the chain verifies',
    async (workers, rounds) => {
      let at = 0
      const report = await killRounds({ rounds, workers, chance: () => ((at += 1) * 0.37) % 1 })
      expect(report.writesAcknowledged).toBeGreaterThan(rounds)
      expect(report.requestsAnswered).toBeGreaterThan(rounds)
      expect([report.writesLost, report.auditRecordsLost, report.faults]).toEqual([[], [], []])
    },
    60_000,
  )
})
