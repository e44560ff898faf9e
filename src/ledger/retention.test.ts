import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import type { Fixture } from './ledger.fixture.ts'
import { nodeDigest } from './chain.ts'
import { adminEntry, openFixture, traffic, rejectionOf } from './ledger.fixture.ts'
import { segmentPath } from './log.fixture.ts'
import { until } from '../core/until.fixture.ts'
import type { Log } from '../storage/index.ts'
import { readFileLog } from '../storage/index.ts'
import { verifyChain } from './verify.ts'

const DAY_MS = 86_400_000

async function filled(
  config: { readonly retention?: { size?: string; age?: string }; readonly flushInterval?: string },
  wrap?: (log: Log) => Log,
): Promise<Fixture> {
  const fixture = await openFixture({
    config: { segment: { size: '4KiB' }, ...config },
    ...(wrap !== undefined && { wrap }),
  })
  for (let at = 0; at < 100; at++) {
    fixture.ledger.record(traffic({ timeMs: fixture.clock.nowMs(), requestId: `request-${at}` }))
    fixture.clock.advance(60_000)
    if (at % 10 === 9) await fixture.ledger.flush()
  }
  return fixture
}

describe('retention', () => {
  test('keeps everything when nothing is configured', async () => {
    await using fixture = await filled({})
    expect(await fixture.ledger.retain()).toBe(0)
  })

  test('drops whole sealed segments by size, oldest first, and the chain still verifies', async () => {
    await using fixture = await filled({ retention: { size: '12KiB' } })
    const { ledger, log } = fixture
    const before = (await log.segments()).length
    const dropped = await ledger.retain()
    const kept = await log.segments()
    expect(dropped).toBeGreaterThan(0)
    expect(kept.length).toBe(before - dropped)
    expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(12 * 1024 + 4096)
    const report = await ledger.verify()
    expect(report).toMatchObject({ ok: true, segments: kept.length })
    expect(report.firstSeq).toBeGreaterThan(1)
    const [anchor] = (await ledger.across().query({ action: 'retention.drop' })).records
    expect(anchor?.details).toMatchObject({ throughSeq: report.firstSeq - 1 })
    const files = await readdir(join(fixture.folder, 'index'))
    expect(files.every((name) => Number.parseInt(name, 10) >= kept[0]!.segment)).toBe(true)
    await using again = await fixture.reopen()
    expect(await again.ledger.verify()).toMatchObject({ ok: true })
    expect((await again.ledger.across().query({ requestId: 'request-0' })).records).toEqual([])
    expect((await again.ledger.across().query({ requestId: 'request-99' })).records).toHaveLength(1)
  })

  test('that fails says why for as long as it does, and is tried again', async () => {
    let isReadOnly = true
    const wrap = (log: Log): Log => ({
      ...log,
      dropBefore: async (segment) => {
        if (isReadOnly) throw new Error('EROFS: read-only file system')
        return log.dropBefore(segment)
      },
    })
    const config = { retention: { size: '12KiB' }, flushInterval: '5ms' }
    await using fixture = await filled(config, wrap)
    const { ledger, log, clock } = fixture
    await until(() => ledger.state().retentionFailure === 'EROFS: read-only file system')
    expect(ledger.state().status).toBe('open')
    const before = (await log.segments()).length
    isReadOnly = false
    clock.advance(3_600_000)
    await until(() => ledger.state().retentionFailure === undefined)
    expect((await log.segments()).length).toBeLessThan(before)
  })

  test('drops segments whose newest record is too old, and never the open one', async () => {
    await using fixture = await filled({ retention: { age: '30m' } })
    const { ledger, log, clock } = fixture
    expect(await ledger.retain()).toBeGreaterThan(0)
    const [oldest] = (await ledger.across().query({ kind: 'traffic', limit: 1000 })).records.slice(
      -1,
    )
    expect(clock.nowMs() - (oldest?.timeMs ?? 0)).toBeLessThan(30 * 60_000 + 15 * 60_000)
    clock.advance(30 * 86_400_000)
    await ledger.retain()
    expect((await log.segments()).length).toBeGreaterThanOrEqual(1)
    expect(await ledger.verify()).toMatchObject({ ok: true })
  })

  test('does not believe a clock that jumped far ahead before a day is over: what it drops is gone', async () => {
    await using fixture = await filled({ retention: { age: '30d' } })
    const { ledger, clock } = fixture
    const rightMs = clock.nowMs()
    clock.setWall(rightMs + 365 * DAY_MS)
    expect(await ledger.retain()).toBe(0)
    clock.advance(DAY_MS - 1)
    expect(await ledger.retain()).toBe(0)
    clock.setWall(rightMs + DAY_MS - 1)
    expect(await ledger.retain()).toBe(0)
    clock.setWall(rightMs + 365 * DAY_MS)
    expect(await ledger.retain()).toBe(0)
    clock.advance(DAY_MS)
    expect(await ledger.retain()).toBeGreaterThan(0)
  })

  test('does not wait when time really passed, or where size is what counts', async () => {
    await using fixture = await filled({ retention: { age: '30d' } })
    fixture.clock.advance(31 * DAY_MS)
    expect(await fixture.ledger.retain()).toBeGreaterThan(0)
    await using other = await filled({ retention: { size: '12KiB' } })
    other.clock.setWall(other.clock.nowMs() + 365 * DAY_MS)
    expect(await other.ledger.retain()).toBeGreaterThan(0)
  })

  test('does not excuse the removal of more than it announced', async () => {
    await using fixture = await filled({ retention: { size: '12KiB' } })
    await fixture.ledger.retain()
    await fixture.ledger.append(adminEntry('a'))
    const [oldest] = await fixture.log.segments()
    await fixture.close()
    const folder = join(fixture.folder, 'log')
    await rm(segmentPath(folder, oldest!.segment))
    const { fault } = await verifyChain({ log: readFileLog(folder), digest: nodeDigest })
    expect(fault).toMatchObject({ kind: 'missing', segment: oldest!.segment + 1 })
  })

  test('accepts a drop that a crash interrupted after it was announced', async () => {
    const kept: boolean[] = []
    await using fixture = await openFixture({
      config: { segment: { size: '4KiB' }, retention: { size: '12KiB' } },
      wrap: (log) => ({
        ...log,
        dropBefore: async () => {
          kept.push(true)
          throw new Error('interrupted')
        },
      }),
    })
    for (let at = 0; at < 100; at++) {
      fixture.ledger.record(traffic())
      if (at % 10 === 9) await fixture.ledger.flush()
    }
    expect(await rejectionOf(fixture.ledger.retain())).toMatchObject({ message: 'interrupted' })
    expect(kept).toEqual([true])
    expect(await fixture.ledger.verify()).toMatchObject({ ok: true, firstSeq: 1 })
  })
})
