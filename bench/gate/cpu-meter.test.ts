import { expect, test } from 'bun:test'
import { createCpuMeter } from './cpu-meter.ts'
import { cpuTimeBetween, totalNs } from './cpu-time.ts'

test('the work of this process is seen, and where the system tells of threads it is the main thread’s', async () => {
  const asked = async () => {
    const { user, system } = process.cpuUsage()
    const reading = { waitedNs: 0, userTicks: user, systemTicks: system }
    return new Map([[process.pid, { group: 'process', ns: (user + system) * 1000, ...reading }]])
  }
  const meter = createCpuMeter(process.pid, asked)
  const before = await meter()
  const untilNs = totalNs(cpuTimeBetween(new Map(), before)) + 20_000_000
  while (totalNs(cpuTimeBetween(new Map(), await meter())) < untilNs) continue
  const spent = cpuTimeBetween(before, await meter())
  const main = spent.get('main') ?? spent.get('process')
  expect(main?.ns).toBeGreaterThan(0)
  expect(main?.ns).toBeLessThanOrEqual(totalNs(spent))
})

test('where the system tells nothing of a process, it is asked itself', async () => {
  const reading = { group: 'process', ns: 7, waitedNs: 0, userTicks: 0, systemTicks: 0 }
  const asked = new Map([[1, reading]])
  expect(await createCpuMeter(2 ** 30, async () => asked)()).toBe(asked)
})
