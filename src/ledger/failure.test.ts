import { existsSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { utf8 } from '../core/bytes.ts'
import type { Log } from '../storage/index.ts'
import { LedgerError } from './ledger-error.ts'
import { segmentPath } from './log.fixture.ts'
import { adminEntry, allRecords, openFixture, traffic, rejectionOf } from './ledger.fixture.ts'

/** A log whose disk can be made to refuse: before a write, or after half of the frames were written. */
function refusing() {
  const fault = { mode: 'none' as 'none' | 'before' | 'half' | 'unsynced' }
  const wrap = (log: Log): Log => ({
    ...log,
    async appendLines(lines, options) {
      if (fault.mode === 'before') throw new Error('ENOSPC: no space left on device')
      if (fault.mode === 'half') {
        const frames = Buffer.from(lines).toString().split('\n').slice(0, -1)
        await log.append(frames.slice(0, frames.length >> 1).map(utf8), options)
        throw new Error('EIO: input/output error')
      }
      const position = await log.appendLines(lines, options)
      if (fault.mode === 'unsynced') throw new Error('EIO: fsync failed')
      return position
    },
  })
  return { fault, wrap }
}

const RECOVERY_MS = 1000

describe('when the disk refuses', () => {
  test.skipIf(!existsSync('/dev/full'))(
    'for real, the log is opened again and the chain goes on',
    async () => {
      await using fixture = await openFixture()
      const { ledger, clock, folder } = fixture
      await ledger.append(adminEntry('a'))
      await fixture.close()
      const path = segmentPath(join(folder, 'log'), 1)
      renameSync(path, `${path}.kept`)
      symlinkSync('/dev/full', path)
      // The chain starts anew on a full disk: even its first record cannot be written.
      const refused = await rejectionOf(openFixture({ folder, clock }))
      expect(refused).toMatchObject({ code: 'failed' })
      expect(String(refused)).toContain('ENOSPC')
      renameSync(`${path}.kept`, path)
      await using again = await openFixture({ folder, clock })
      expect(await again.ledger.append(adminEntry('b'))).toBe(3)
    },
  )

  test('admin records are refused, the reason is shown, and readiness can tell', async () => {
    const { fault, wrap } = refusing()
    await using fixture = await openFixture({ wrap })
    const { ledger } = fixture
    await ledger.append(adminEntry('a'))
    fault.mode = 'before'
    expect(await rejectionOf(ledger.append(adminEntry('b')))).toBeInstanceOf(LedgerError)
    expect(await rejectionOf(ledger.append(adminEntry('c')))).toMatchObject({ code: 'failed' })
    expect(await rejectionOf(ledger.flush())).toMatchObject({ code: 'failed' })
    expect(ledger.state()).toMatchObject({ status: 'failed', seq: 2 })
    expect(ledger.state().reason).toContain('ENOSPC')
    expect((await allRecords(ledger)).map(({ target }) => target)).toEqual([undefined, 'a'])
  })

  test('traffic is counted, never thrown, and the gap is marked once it goes on', async () => {
    const { fault, wrap } = refusing()
    await using fixture = await openFixture({ wrap })
    const { ledger, clock } = fixture
    fault.mode = 'before'
    for (let at = 0; at < 10; at++) ledger.record(traffic())
    await ledger.flush().catch(() => undefined)
    for (let at = 0; at < 5; at++) ledger.record(traffic())
    fault.mode = 'none'
    clock.advance(RECOVERY_MS)
    await ledger.append(adminEntry('after'))
    ledger.record(traffic({ requestId: 'request-after' }))
    await ledger.flush()
    const { records } = await ledger.across().query({ kind: 'gap' })
    expect(records.map(({ details }) => details?.['dropped'])).toEqual([15])
    expect((await ledger.across().query({ kind: 'traffic' })).records).toHaveLength(1)
    expect(ledger.state()).toMatchObject({ status: 'open', dropped: 15, reason: undefined })
    expect(await ledger.verify()).toMatchObject({ ok: true })
  })

  test('what half a write left on disk stays in the chain, and is not counted as lost', async () => {
    const { fault, wrap } = refusing()
    await using fixture = await openFixture({ wrap })
    const { ledger, clock } = fixture
    fault.mode = 'half'
    for (let at = 0; at < 10; at++) ledger.record(traffic({ requestId: `request-${at}` }))
    await ledger.flush().catch(() => undefined)
    fault.mode = 'none'
    clock.advance(RECOVERY_MS)
    await ledger.flush()
    const kept = (await ledger.across().query({ kind: 'traffic' })).records
    expect(kept.map(({ requestId }) => requestId)).toEqual(
      [4, 3, 2, 1, 0].map((at) => `request-${at}`),
    )
    const [gap] = (await ledger.across().query({ kind: 'gap' })).records
    expect(gap?.details).toMatchObject({ dropped: 5 })
    expect(await ledger.verify()).toMatchObject({ ok: true })
  })

  test('a record that is on disk but was not acknowledged is pointed out', async () => {
    const { fault, wrap } = refusing()
    await using fixture = await openFixture({ wrap })
    const { ledger, clock } = fixture
    fault.mode = 'unsynced'
    expect(await rejectionOf(ledger.append(adminEntry('doubtful')))).toBeInstanceOf(LedgerError)
    fault.mode = 'none'
    clock.advance(RECOVERY_MS)
    expect(await ledger.append(adminEntry('sure'))).toBe(4)
    const [recovered] = (await ledger.across().query({ action: 'ledger.recover' })).records
    expect(recovered).toMatchObject({ seq: 3, details: { unacknowledged: 1 } })
    expect(await ledger.verify()).toMatchObject({ ok: true, records: 4 })
  })

  test('the disk is not asked again before the pause is over', async () => {
    const { fault, wrap } = refusing()
    await using fixture = await openFixture({ wrap })
    const { ledger, clock } = fixture
    fault.mode = 'before'
    expect(await rejectionOf(ledger.append(adminEntry('a')))).toBeInstanceOf(LedgerError)
    fault.mode = 'none'
    clock.advance(RECOVERY_MS - 1)
    expect(await rejectionOf(ledger.append(adminEntry('b')))).toBeInstanceOf(LedgerError)
    clock.advance(1)
    expect(await ledger.append(adminEntry('c'))).toBe(3)
  })

  test('a log that somebody else writes to is left alone', async () => {
    await using fixture = await openFixture()
    const { ledger, log } = fixture
    await log.append([new TextEncoder().encode('{"seq":1}')], { sync: true })
    expect(await rejectionOf(ledger.append(adminEntry('a')))).toMatchObject({ code: 'failed' })
    expect(ledger.state().reason).toContain('someone else')
  })
})
