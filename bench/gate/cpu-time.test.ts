import { expect, test } from 'bun:test'
import type { ThreadReading } from './cpu-time.ts'
import { cpuTimeBetween, splitNs, sumOfCpuTimes, totalNs, waitedForOthersNs } from './cpu-time.ts'

const reading = (group: string, ns: number, ticks = 0): ThreadReading => ({
  group,
  ns,
  waitedNs: 2 * ns,
  userTicks: ticks,
  systemTicks: 3 * ticks,
})

test('threads of a kind count together, and only for what they took between the readings', () => {
  const before = new Map([
    [1, reading('main', 100)],
    [2, reading('pool', 1000)],
    [3, reading('pool', 5000)],
  ])
  const after = new Map([
    [1, reading('main', 150, 4)],
    [2, reading('pool', 1010)],
    [3, reading('pool', 5020)],
  ])
  const spent = cpuTimeBetween(before, after)
  expect([...spent.keys()]).toEqual(['main', 'pool'])
  expect(spent.get('main')).toEqual({ ns: 50, waitedNs: 100, userTicks: 4, systemTicks: 12 })
  expect(spent.get('pool')?.ns).toBe(30)
  expect(totalNs(spent)).toBe(80)
})

test('a thread that began in between counts from its beginning, one that ended does not count', () => {
  const spent = cpuTimeBetween(
    new Map([[1, reading('ended', 900)]]),
    new Map([[2, reading('began', 70)]]),
  )
  expect([...spent].map(([group, { ns }]) => [group, ns])).toEqual([['began', 70]])
})

test('times of several slices add up, group by group', () => {
  const one = cpuTimeBetween(new Map(), new Map([[1, reading('main', 10, 1)]]))
  const other = cpuTimeBetween(
    new Map(),
    new Map([
      [1, reading('main', 20, 2)],
      [2, reading('pool', 5)],
    ]),
  )
  const sum = sumOfCpuTimes([one, other])
  expect(sum.get('main')).toEqual({ ns: 30, waitedNs: 60, userTicks: 3, systemTicks: 9 })
  expect(sum.get('pool')?.ns).toBe(5)
})

test('ticks say how the exact time is shared between the process and the kernel', () => {
  expect(splitNs({ ns: 800, waitedNs: 0, userTicks: 1, systemTicks: 3 })).toEqual({
    userNs: 200,
    systemNs: 600,
  })
  expect(splitNs({ ns: 800, waitedNs: 0, userTicks: 0, systemTicks: 0 })).toEqual({
    userNs: 800,
    systemNs: 0,
  })
})

test('waiting for its own threads is not waiting for other work', () => {
  const time = (waitedNs: number, poolNs: number) =>
    new Map([
      ['main', { ns: 500, waitedNs, userTicks: 0, systemTicks: 0 }],
      ['pool', { ns: poolNs, waitedNs: 0, userTicks: 0, systemTicks: 0 }],
    ])
  expect(waitedForOthersNs(time(100, 30))).toBe(70)
  expect(waitedForOthersNs(time(100, 300))).toBe(0)
})
