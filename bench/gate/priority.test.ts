import { expect, test } from 'bun:test'
import { isRealTime } from './priority.ts'

/** A line of /proc/PID/stat with this policy, of a program with a difficult name. */
const statWith = (policy: number): string => {
  const fields = Array.from({ length: 50 }, () => '7')
  fields[38] = String(policy)
  return `12 (a) b (c) ${fields.join(' ')}`
}

test('only the two real-time policies count as real time', () => {
  expect([0, 1, 2, 3, 5].map((policy) => isRealTime(statWith(policy)))).toEqual([
    false,
    true,
    true,
    false,
    false,
  ])
})
