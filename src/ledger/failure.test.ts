import { copyFileSync, existsSync, renameSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { utf8 } from '../core/bytes.ts'
import { createSeededRandom } from '../core/random.ts'
import type { Log } from '../storage/index.ts'
import { LedgerError } from './ledger-error.ts'
import { segmentPath } from './log.fixture.ts'
import { adminEntry, allRecords, openFixture, traffic, rejectionOf } from './ledger.fixture.ts'

/** A log whose disk can be made to refuse, before a write or after half of the frames were written. */
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
      // A new chain starts on a full disk: even its first record cannot be written.
      const refused = await rejectionOf(openFixture({ folder, clock }))
      expect(refused).toMatchObject({ code: 'failed' })
      expect(String(refused)).toContain('ENOSPC')
      renameSync(`${path}.kept`, path)
      await using again = await openFixture({ folder, clock })
      expect(await again.ledger.append(adminEntry('b'))).toBe(3)
    },
  )

  test('what is written into a file that was moved away is refused; put back, the chain goes on', async () => {
    await using fixture = await openFixture()
    const { ledger, clock, folder } = fixture
    await ledger.append(adminEntry('before'))
    const path = segmentPath(join(folder, 'log'), 1)
    renameSync(path, `${path}.1`)
    expect(await rejectionOf(ledger.append(adminEntry('away')))).toMatchObject({ code: 'failed' })
    expect(ledger.state()).toMatchObject({ status: 'failed' })
    expect(ledger.state().reason).toContain('moved or removed')
    clock.advance(RECOVERY_MS)
    expect(await rejectionOf(ledger.append(adminEntry('gone')))).toMatchObject({ code: 'failed' })
    renameSync(`${path}.1`, path)
    clock.advance(RECOVERY_MS)
    await ledger.append(adminEntry('after'))
    expect(await ledger.verify()).toMatchObject({ ok: true })
  })

  test('a file that was cut is not gone on with: the chain would have a hole', async () => {
    await using fixture = await openFixture()
    const { ledger, clock, folder } = fixture
    await ledger.append(adminEntry('before'))
    const path = segmentPath(join(folder, 'log'), 1)
    copyFileSync(path, `${path}.1`)
    truncateSync(path, 0)
    expect(await rejectionOf(ledger.append(adminEntry('a')))).toMatchObject({ code: 'failed' })
    clock.advance(RECOVERY_MS)
    expect(await rejectionOf(ledger.append(adminEntry('b')))).toMatchObject({ code: 'failed' })
    expect(ledger.state().reason).toContain('are gone')
    renameSync(`${path}.1`, path)
    clock.advance(RECOVERY_MS)
    await ledger.append(adminEntry('after'))
    expect(await ledger.verify()).toMatchObject({ ok: true })
  })

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

  test('every request is in the chain or in a gap, whatever fails and whenever', async () => {
    const random = createSeededRandom(11)
    for (let run = 0; run < 12; run++) {
      const { fault, wrap } = refusing()
      const failing = (log: Log): Log => ({
        ...wrap(log),
        async rotate() {
          if (fault.mode !== 'none') throw new Error('EIO: not sealed')
          return log.rotate()
        },
      })
      const config = { segment: { size: '8KiB' }, flushInterval: '1h' }
      await using fixture = await openFixture({ wrap: failing, config })
      const { ledger, clock } = fixture
      let recorded = 0
      for (let step = 0; step < 30; step++) {
        const count = Math.floor(random.fraction() * 150)
        for (let at = 0; at < count; at++) ledger.record(traffic())
        recorded += count
        const modes = ['none', 'none', 'none', 'before', 'half', 'unsynced'] as const
        fault.mode = modes[Math.floor(random.fraction() * modes.length)]!
        const done = random.fraction() < 0.5 ? ledger.flush() : ledger.append(adminEntry('x'))
        const settled = done.catch(() => undefined)
        for (let at = 0; at < count; at++) ledger.record(traffic())
        recorded += count
        await settled
        if (random.fraction() < 0.5) clock.advance(RECOVERY_MS)
      }
      fault.mode = 'none'
      clock.advance(RECOVERY_MS)
      await ledger.flush()
      await ledger.flush()
      const records = await allRecords(ledger)
      const kept = records.filter(({ kind }) => kind === 'traffic').length
      const gaps = records.filter(({ kind }) => kind === 'gap')
      const missing = gaps.reduce((sum, { details }) => sum + Number(details?.['dropped']), 0)
      expect(kept + missing).toBe(recorded)
      expect(ledger.state()).toMatchObject({ status: 'open', queued: 0, dropped: missing })
      expect(await ledger.verify()).toMatchObject({ ok: true })
    }
  }, 30_000)
})
