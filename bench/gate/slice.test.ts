import { expect, test } from 'bun:test'
import { busyShare, cpuPerRequest, requestsPerSecond } from './slice.ts'
import { makeSlice } from './slice.fixture.ts'

test('what is left to be written after the last answer costs its arm CPU and throughput', () => {
  const written = makeSlice({ ns: 10_000_000 })
  const left = makeSlice({ ns: 10_000_000, seconds: 0.008, drainNs: 2_000_000 })
  expect(cpuPerRequest(left)).toBe(cpuPerRequest(written))
  expect(requestsPerSecond(left)).toBeCloseTo(requestsPerSecond(written), 6)
})

test('busy is the share under load alone', () => {
  expect(busyShare(makeSlice({ ns: 10_000_000, seconds: 0.01, drainNs: 5_000_000 }))).toBe(0.5)
})
