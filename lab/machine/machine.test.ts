import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import {
  differencesBetween,
  gradeOf,
  listenerPid,
  processorTimeNs,
  readFingerprint,
  readHoldings,
  takeSnapshot,
  usageBetween,
} from './index.ts'
import { parseProcessStat } from './proc.ts'
import { parsePressure, parseProcessorLine } from './usage.ts'

const onLinux = test.skipIf(!existsSync('/proc/self/schedstat'))

const burn = (): number => {
  let sum = 0
  for (let at = 0; at < 60_000_000; at += 1) sum += at % 7
  return sum
}

describe('what the system says', () => {
  test('the fields of a process count from the last parenthesis: its name may hold anything', () => {
    const text = '42 (a) b (c)) S 7 42 42 0 -1 4194560 1 2 3 4 100 50 20 10 20 0 9 0 12345 1 1'
    expect(parseProcessStat(text)).toEqual({ parentPid: 7, ticks: 180 })
    expect(parseProcessStat('')).toBeUndefined()
  })

  test('waiting for disks and time given to other machines do not count as busy', () => {
    expect(parseProcessorLine('cpu  10 20 30 1000 500 1 2 77 0 0\ncpu0 1 1')).toEqual({
      busyTicks: 63,
      stolenTicks: 77,
    })
    expect(parseProcessorLine('nothing')).toBeUndefined()
  })

  test('pressure is the time in which some task waited', () => {
    const text = 'some avg10=1.63 avg60=20.45 avg300=11.64 total=1500000\nfull avg10=0 total=0\n'
    expect(parsePressure(text)).toBe(1.5)
    expect(parsePressure('')).toBeNull()
  })
})

describe('work on this machine', () => {
  onLinux('work of this process is its own; the same work is foreign to another', () => {
    const own = takeSnapshot(performance.now(), [process.pid])
    const foreign = takeSnapshot(own.atMs, [])
    const before = processorTimeNs(process.pid) ?? 0
    expect(burn()).toBeGreaterThan(0)
    const spentSeconds = ((processorTimeNs(process.pid) ?? 0) - before) / 1e9
    const now = performance.now()
    const asOwn = usageBetween(own, takeSnapshot(now, [process.pid]))
    const asForeign = usageBetween(foreign, takeSnapshot(now, []))
    expect(asOwn.ownCores! * asOwn.seconds).toBeGreaterThan(spentSeconds - 0.1)
    expect(asForeign.foreignCores! * asForeign.seconds).toBeGreaterThan(spentSeconds - 0.1)
    expect(asOwn.foreignCores!).toBeLessThan(asForeign.foreignCores!)
  })

  onLinux(
    'the process that listens on a port is found, and one that does not listen is not',
    async () => {
      const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
      const { port = 0 } = server
      expect(listenerPid(port)).toBe(process.pid)
      await server.stop(true)
      expect(listenerPid(port)).not.toBe(process.pid)
    },
  )

  onLinux('holdings of a child belong to its parent', async () => {
    const alone = readHoldings(process.pid)?.threads ?? 0
    const child = Bun.spawn(['sleep', '20'])
    expect(readHoldings(process.pid)?.threads).toBeGreaterThanOrEqual(alone + 1)
    child.kill()
    await child.exited
    expect(readHoldings(child.pid)).toBeNull()
  })
})

describe('grade', () => {
  const usage = { seconds: 10, foreignCores: 0, stolenCores: 0, ownCores: 1, cpuPressure: 0.1 }

  test('a machine is quiet, noisy or unusable by what others take of it', () => {
    expect(gradeOf(usage, 2)).toEqual({ grade: 'quiet', warnings: [] })
    expect(gradeOf({ ...usage, foreignCores: 0.5 }, 2).grade).toBe('noisy')
    expect(gradeOf({ ...usage, foreignCores: 1.2 }, 2).grade).toBe('unusable')
    expect(gradeOf({ ...usage, foreignCores: 1.2 }, 16).grade).toBe('noisy')
    expect(gradeOf({ ...usage, stolenCores: 1.2 }, 2).grade).toBe('unusable')
  })

  test('what cannot be known is never called quiet', () => {
    expect(gradeOf({ ...usage, foreignCores: null }, 2).grade).toBe('noisy')
  })
})

describe('fingerprint', () => {
  test('a machine equals itself; another processor or runtime is named', () => {
    const here = readFingerprint()
    expect(differencesBetween(here, readFingerprint())).toEqual([])
    const there = { ...here, cores: here.cores + 2, runtime: 'bun 0.0.1' }
    expect(differencesBetween(here, there)).toEqual([
      `cores: ${here.cores} and ${here.cores + 2}`,
      `runtime: bun ${Bun.version} and bun 0.0.1`,
    ])
    const less = { ...here, memoryBytes: here.memoryBytes / 2 }
    expect(differencesBetween(here, less)).toHaveLength(1)
  })
})
