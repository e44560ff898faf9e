import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createManualClock, systemClock } from '../../core/clock.ts'
import { calendar, claimOf, DAY_MS, START_MS } from '../contract/claims.ts'
import { makeFolder } from '../contract/folder.ts'
import { thrownBy } from '../contract/thrown-by.ts'
import type { Claim, Counters } from '../counters.ts'
import { createMemoryRecords } from '../memory/records.ts'
import { openSqlite } from '../open-sqlite.ts'
import type { Records } from '../records.ts'
import { COUNTER_ROWS, counterId } from './counter-rows.ts'
import { createDurableCounters } from './durable.ts'
import { chunkOf } from './reservations.ts'

const LIMIT = 1000

const claim = (at: number, cost = 1): Claim =>
  claimOf(calendar(LIMIT), { subject: `subject ${at}`, cost })

const makeRecords = (): Records =>
  createMemoryRecords({ collections: [COUNTER_ROWS], clock: createManualClock() })

async function takeOfEach(counters: Counters, subjects: number, nowMs: number): Promise<void> {
  for (let at = 0; at < subjects; at++) await counters.take([claim(at, 1 + (at % 5))], nowMs)
}

async function remainingOf(records: Records, at: number): Promise<number> {
  const counters = createDurableCounters({ records })
  return (await counters.peek(claim(at), START_MS)).remaining
}

describe('closing durable calendars', () => {
  test('settles many exactly, in few transactions, whatever rows are gone', async () => {
    const records = makeRecords()
    let commits = 0
    const counting: Records = {
      ...records,
      commit: async (changes) => {
        commits++
        return records.commit(changes)
      },
    }
    const subjects = 12_000
    const counters = createDurableCounters({ records: counting })
    await takeOfEach(counters, subjects, START_MS)
    const gone = [0, 7, 5000, subjects - 1]
    for (const at of gone) {
      const id = counterId('limit', `subject ${at}`)
      await records.commit([{ op: 'delete', collection: COUNTER_ROWS.name, id }])
    }
    commits = 0
    await counters.close()
    expect(commits).toBeLessThanOrEqual(2 + 2 * gone.length)
    const rows = records.global(COUNTER_ROWS)
    for (let at = 0; at < subjects; at++) {
      const row = await rows.get(counterId('limit', `subject ${at}`))
      expect(row?.used).toBe(gone.includes(at) ? undefined : 1 + (at % 5))
    }
  })

  test('counts what takes were granted that waited for their units meanwhile', async () => {
    const records = makeRecords()
    const written = Promise.withResolvers<undefined>()
    const slow: Records = {
      ...records,
      commit: async (changes) => {
        await written.promise
        return records.commit(changes)
      },
    }
    const counters = createDurableCounters({ records: slow })
    const costs = [2, 3, 40]
    const takes = costs.map(async (cost) => counters.take([claim(0, cost)], START_MS))
    const closed = counters.close()
    written.resolve(undefined)
    const outcomes = await Promise.all(takes)
    await closed
    const granted = costs.filter((_, at) => outcomes[at]!.granted)
    const units = granted.reduce((sum, cost) => sum + cost, 0)
    expect(await remainingOf(records, 0)).toBe(LIMIT - units)
  })

  test('leaves no unit out when it cannot write', async () => {
    const records = makeRecords()
    let isBroken = false
    const flaky: Records = {
      ...records,
      commit: async (changes) => {
        if (isBroken) throw new Error('disk full')
        return records.commit(changes)
      },
    }
    const counters = createDurableCounters({ records: flaky })
    await takeOfEach(counters, 10, START_MS)
    isBroken = true
    expect((await thrownBy(async () => counters.close())).message).toBe('disk full')
    for (let at = 0; at < 10; at++) {
      const remaining = await remainingOf(records, at)
      expect(remaining).toBeLessThanOrEqual(LIMIT - (1 + (at % 5)))
      expect(remaining).toBeGreaterThanOrEqual(LIMIT - (1 + (at % 5)) - 2 * chunkOf(LIMIT))
    }
  })

  test('asks nothing of rows whose window ended and that were removed', async () => {
    const records = makeRecords()
    const updates: number[] = []
    const counting: Records = {
      ...records,
      commit: async (changes) => {
        updates.push(changes.filter((change) => change.op === 'update').length)
        return records.commit(changes)
      },
    }
    const counters = createDurableCounters({ records: counting })
    await takeOfEach(counters, 500, START_MS)
    await counters.take([claim(0)], START_MS + 2 * DAY_MS)
    await counters.flush()
    updates.length = 0
    await counters.close()
    expect(updates).toEqual([1])
    const next = createDurableCounters({ records })
    expect((await next.peek(claim(0), START_MS + 2 * DAY_MS)).remaining).toBe(LIMIT - 1)
  })

  test('killed with -9 in the middle, no calendar has used less than was granted', async () => {
    const folder = makeFolder()
    try {
      const path = join(folder.path, 'counters.db')
      const subjects = 3000
      const child = Bun.spawn({
        cmd: [process.execPath, join(import.meta.dir, 'closer.fixture.ts'), path, String(subjects)],
        stdout: 'pipe',
      })
      for await (const _ of child.stdout) child.kill('SIGKILL')
      await child.exited
      const records = await openSqlite({ path, collections: [COUNTER_ROWS], clock: systemClock })
      const rows = records.global(COUNTER_ROWS)
      for (let at = 0; at < subjects; at++) {
        const row = await rows.get(counterId('limit', `subject ${at}`))
        expect(row?.used).toBeGreaterThanOrEqual(2)
      }
      await records.close()
    } finally {
      folder.remove()
    }
  })
})
