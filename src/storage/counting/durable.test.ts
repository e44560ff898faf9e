import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createManualClock, systemClock } from '../../core/clock.ts'
import { calendar, claimOf, DAY_MS, MINUTE_MS, START_MS } from '../contract/claims.ts'
import { describeCounters } from '../contract/counters.ts'
import type { Folder } from '../contract/folder.ts'
import { makeFolder } from '../contract/folder.ts'
import { thrownBy } from '../contract/thrown-by.ts'
import type { Claim, Counters } from '../counters.ts'
import { createMemoryRecords } from '../memory/records.ts'
import { openSqlite } from '../open-sqlite.ts'
import type { Records } from '../records.ts'
import { COUNTER_ROWS } from './counter-rows.ts'
import { createDurableCounters } from './durable.ts'
import { chunkOf } from './reservations.ts'

const makeRecords = (): Records =>
  createMemoryRecords({ collections: [COUNTER_ROWS], clock: createManualClock() })

describeCounters('durable over memory', async () => {
  const counters = createDurableCounters({ records: makeRecords() })
  return { counters, end: async () => counters.close() }
})

let folder: Folder
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => folder.remove())

describeCounters('durable over sqlite', async () => {
  const own = makeFolder()
  const path = join(own.path, 'counters.db')
  const records = await openSqlite({ path, collections: [COUNTER_ROWS], clock: systemClock })
  const counters = createDurableCounters({ records })
  return {
    counters,
    end: async () => {
      await counters.close()
      await records.close()
      own.remove()
    },
  }
})

async function takeTimes(counters: Counters, claim: Claim, times: number): Promise<number> {
  let granted = 0
  for (let at = 0; at < times; at++) {
    if ((await counters.take([claim], START_MS)).granted) granted++
  }
  return granted
}

describe('durable calendars', () => {
  test('are exact after a graceful restart', async () => {
    const records = makeRecords()
    const claim = claimOf(calendar(1000))
    const first = createDurableCounters({ records })
    await takeTimes(first, claim, 137)
    await first.close()
    const second = createDurableCounters({ records })
    expect((await second.peek(claim, START_MS)).remaining).toBe(1000 - 137)
    await thrownBy(async () => first.take([claim], START_MS))
  })

  test('are exact after a graceful restart although the clock had been days ahead', async () => {
    const records = makeRecords()
    const first = createDurableCounters({ records })
    const ahead = claimOf(calendar(1000), { subject: 'ahead' })
    await first.take([ahead], START_MS + 2 * DAY_MS)
    const claim = claimOf(calendar(1000))
    await takeTimes(first, claim, 137)
    await first.close()
    const second = createDurableCounters({ records })
    expect((await second.peek(claim, START_MS)).remaining).toBe(1000 - 137)
  })

  test("keep each subject's own count when the claim is filled in anew after every grant", async () => {
    const records = makeRecords()
    const counters = createDurableCounters({ records })
    const subjects = ['a', 'b', 'c']
    for (const subject of subjects) {
      await counters.take([claimOf(calendar(1000), { subject })], START_MS)
    }
    const reused: { -readonly [K in keyof Claim]: Claim[K] } = { ...claimOf(calendar(1000)) }
    for (let turn = 0; turn < 30; turn++) {
      for (const subject of subjects) {
        // A subject that takes more than the others, whose count must not end up in their rows.
        for (let times = subject === 'a' ? 3 : 1; times > 0; times--) {
          reused.subject = subject
          await counters.take([reused], START_MS)
        }
      }
    }
    await counters.flush()
    const crashed = createDurableCounters({ records })
    for (const subject of subjects) {
      const used = 1 + (subject === 'a' ? 90 : 30)
      const claim = claimOf(calendar(1000), { subject })
      const { remaining } = await crashed.peek(claim, START_MS)
      expect(remaining).toBeLessThanOrEqual(1000 - used)
      expect(remaining).toBeGreaterThanOrEqual(1000 - used - 2 * chunkOf(1000))
    }
  })

  test('never refund after a crash, and lose at most two chunks', async () => {
    const records = makeRecords()
    for (const limit of [5, 100, 1000, 100_000]) {
      const claim = claimOf(calendar(limit), { name: `limit ${limit}` })
      let granted = 0
      for (let crash = 0; crash < 5; crash++) {
        const counters = createDurableCounters({ records })
        granted += await takeTimes(counters, claim, 37)
        const { remaining } = await createDurableCounters({ records }).peek(claim, START_MS)
        expect(remaining).toBeLessThanOrEqual(limit - granted)
        const lost = limit - granted - remaining
        expect(lost).toBeLessThanOrEqual((crash + 1) * 2 * chunkOf(limit))
      }
    }
  })

  test('evicted from memory are read back instead of starting anew', async () => {
    const counters = createDurableCounters({ records: makeRecords(), entriesMax: 16 })
    const claim = claimOf(calendar(10))
    await takeTimes(counters, claim, 10)
    for (let at = 0; at < 200; at++) {
      const other = claimOf(calendar(10), { subject: `subject ${at}`, cost: 10 })
      await counters.take([other], START_MS)
    }
    expect((await counters.take([claim], START_MS)).granted).toBe(false)
  })

  test('whose window ended leave no rows behind', async () => {
    const records = makeRecords()
    const counters = createDurableCounters({ records })
    for (let at = 0; at < 1200; at++) {
      await counters.take([claimOf(calendar(9), { subject: `subject ${at}` })], START_MS)
    }
    await counters.take([claimOf(calendar(9))], START_MS + DAY_MS + 2 * MINUTE_MS)
    await counters.flush()
    const rows = await records.global(COUNTER_ROWS).count({ index: 'byEnd', equals: {} })
    expect(rows).toBe(1)
  })

  test('an operator reset survives a restart', async () => {
    const records = makeRecords()
    const claim = claimOf(calendar(3))
    const first = createDurableCounters({ records })
    await takeTimes(first, claim, 3)
    await first.reset('limit', 'subject')
    const second = createDurableCounters({ records })
    expect((await second.peek(claim, START_MS)).remaining).toBe(3)
  })

  test('a take that cannot be written is rejected and takes nothing', async () => {
    const records = makeRecords()
    let broken = true
    const flaky: Records = {
      ...records,
      commit: async (changes) => {
        if (broken) throw new Error('disk full')
        return records.commit(changes)
      },
    }
    const counters = createDurableCounters({ records: flaky })
    const claim = claimOf(calendar(3))
    expect((await thrownBy(async () => counters.take([claim], START_MS))).message).toBe('disk full')
    broken = false
    expect(await takeTimes(counters, claim, 5)).toBe(3)
  })

  test('survive kill -9: what was granted before counts afterwards', async () => {
    const path = join(folder.path, 'counters.db')
    let granted = 0
    for (let round = 0; round < 2; round++) {
      const child = Bun.spawn({
        cmd: [process.execPath, join(import.meta.dir, 'taker.fixture.ts'), path],
        stdout: 'pipe',
      })
      for await (const chunk of child.stdout) {
        granted += chunk.length
        if (granted > 300 * (round + 1)) child.kill('SIGKILL')
      }
      await child.exited
    }
    const records = await openSqlite({ path, collections: [COUNTER_ROWS], clock: systemClock })
    const counters = createDurableCounters({ records })
    const { remaining } = await counters.peek(claimOf(calendar(100_000)), START_MS)
    expect(remaining).toBeLessThanOrEqual(100_000 - granted)
    expect(remaining).toBeGreaterThan(0)
    await counters.close()
    await records.close()
  })
})
