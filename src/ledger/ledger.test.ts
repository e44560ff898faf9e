import { describe, expect, test } from 'bun:test'
import type { Log } from '../storage/index.ts'
import { adminEntry, allRecords, openFixture, traffic, rejectionOf } from './ledger.fixture.ts'
import { LedgerError } from './ledger-error.ts'

/** A log whose first write of requests waits until it is released. */
function holding() {
  const held = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const wrap = (log: Log): Log => ({
    ...log,
    async appendLines(lines, options) {
      if (Buffer.from(lines).includes('"traffic"')) {
        begun.resolve()
        await held.promise
      }
      return log.appendLines(lines, options)
    },
  })
  return { wrap, held, begun }
}

describe('the ledger', () => {
  test('numbers records without a gap and chains each to the one before', async () => {
    await using fixture = await openFixture()
    const { ledger } = fixture
    const seqs = await Promise.all(['a', 'b', 'c'].map(async (id) => ledger.append(adminEntry(id))))
    expect(seqs).toEqual([2, 3, 4])
    const records = await allRecords(ledger)
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(records[0]).toMatchObject({ kind: 'system', action: 'segment.open' })
    expect(await ledger.verify()).toMatchObject({ ok: true, records: 4, fault: undefined })
  })

  test('keeps what was acknowledged, and goes on with the chain after a restart', async () => {
    await using fixture = await openFixture()
    await fixture.ledger.append(adminEntry('a'))
    await using again = await fixture.reopen()
    expect(again.ledger.opening).toMatchObject({ seq: 2, healedBytes: 0, fault: undefined })
    expect(await again.ledger.append(adminEntry('b'))).toBe(3)
    expect(await again.ledger.verify()).toMatchObject({ ok: true, records: 3 })
  })

  test('keeps traffic in order, whole, and in one chain with admin records', async () => {
    await using fixture = await openFixture()
    const { ledger } = fixture
    for (let at = 0; at < 3333; at++) {
      ledger.record(traffic({ requestId: `request-${at}` }))
      if (at % 1000 === 0) await ledger.append(adminEntry(`key-${at}`))
    }
    await ledger.flush()
    const requests = (await allRecords(ledger)).filter(({ kind }) => kind === 'traffic')
    expect(requests.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: 3333 }, (_, at) => `request-${at}`),
    )
    expect(await ledger.verify()).toMatchObject({ ok: true })
    expect(ledger.state()).toMatchObject({ status: 'open', queued: 0, dropped: 0 })
  })

  test('hands traffic to the disk by itself once 100 records wait', async () => {
    await using fixture = await openFixture({ config: { flushInterval: '1h' } })
    const { ledger } = fixture
    for (let at = 0; at < 100; at++) ledger.record(traffic())
    while (ledger.state().written < 101) await new Promise((resolve) => setImmediate(resolve))
    expect((await fixture.ledger.across().query({ kind: 'traffic' })).records).toHaveLength(100)
  })

  test('leaves what comes during a write until 100 wait again: a write for each handful would cost more than all else', async () => {
    const held = Promise.withResolvers<void>()
    const writes: number[] = []
    const wrap = (log: Log): Log => ({
      ...log,
      async appendLines(lines, options) {
        const traffic = Buffer.from(lines).includes('"traffic"')
        if (traffic && writes.push(lines.length) === 1) await held.promise
        return log.appendLines(lines, options)
      },
    })
    await using fixture = await openFixture({ config: { flushInterval: '1h' }, wrap })
    const { ledger } = fixture
    const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve))
    for (let at = 0; at < 100; at++) ledger.record(traffic())
    while (writes.length === 0) await turn()
    for (let at = 0; at < 99; at++) ledger.record(traffic())
    held.resolve()
    while (ledger.state().written < 101) await turn()
    await turn()
    expect(ledger.state()).toMatchObject({ queued: 99, written: 101 })
    ledger.record(traffic())
    while (ledger.state().written < 201) await turn()
    expect(writes).toHaveLength(2)
    ledger.record(traffic())
    await ledger.flush()
    expect(ledger.state()).toMatchObject({ queued: 0, written: 202 })
  })

  test('flushes to the disk also what came while a write of its own accord was under way', async () => {
    const held = Promise.withResolvers<void>()
    const seen: { readonly traffic: number; readonly sync: boolean }[] = []
    const wrap = (log: Log): Log => ({
      ...log,
      async appendLines(lines, options) {
        const kinds =
          Buffer.from(lines)
            .toString()
            .match(/"kind":"traffic"/g) ?? []
        seen.push({ traffic: kinds.length, sync: options.sync })
        if (kinds.length === 100) await held.promise
        return log.appendLines(lines, options)
      },
    })
    await using fixture = await openFixture({ config: { flushInterval: '1h' }, wrap })
    const { ledger } = fixture
    for (let at = 0; at < 100; at++) ledger.record(traffic())
    while (seen.every((write) => write.traffic === 0)) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (let at = 0; at < 7; at++) ledger.record(traffic())
    const flushed = ledger.flush()
    held.resolve()
    await flushed
    expect(ledger.state()).toMatchObject({ queued: 0, written: 108 })
    expect(seen.at(-1)).toEqual({ traffic: 7, sync: true })
  })

  test('leaves what comes while it writes for somebody else until there is more of it', async () => {
    const { wrap, held, begun } = holding()
    await using fixture = await openFixture({ config: { flushInterval: '1h' }, wrap })
    const { ledger } = fixture
    ledger.record(traffic())
    const verified = ledger.verify()
    await begun.promise
    for (let at = 0; at < 50; at++) ledger.record(traffic())
    held.resolve()
    expect(await verified).toMatchObject({ ok: true, records: 2 })
    expect(ledger.state()).toMatchObject({ queued: 50, written: 2 })
  })

  test('ends a flush while requests keep coming', async () => {
    await using fixture = await openFixture({ config: { flushInterval: '1h' } })
    const { ledger } = fixture
    ledger.record(traffic({ requestId: 'first' }))
    const flow = { isEnding: false }
    const flushed = ledger.flush().finally(() => (flow.isEnding = true))
    while (!flow.isEnding) {
      ledger.record(traffic())
      await new Promise((resolve) => setImmediate(resolve))
    }
    await flushed
    const found = await ledger.across().query({ requestId: 'first' })
    expect(found.records).toHaveLength(1)
  })

  test('takes requests while a segment is sealed, in order, up to what may wait', async () => {
    const held = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const wrap = (log: Log): Log => ({
      ...log,
      async rotate() {
        begun.resolve()
        await held.promise
        return log.rotate()
      },
    })
    const config = { segment: { size: '4KiB' }, traffic: { queue: 300 }, flushInterval: '1h' }
    await using fixture = await openFixture({ config, wrap })
    const { ledger, log } = fixture
    const record = (at: number): void => ledger.record(traffic({ requestId: `request-${at}` }))
    for (let at = 0; at < 20; at++) record(at)
    const flushed = ledger.flush()
    await begun.promise
    const { written } = ledger.state()
    for (let at = 20; at < 1000; at++) record(at)
    const { queued, dropped } = ledger.state()
    expect(queued).toBe(300)
    expect(dropped).toBeGreaterThan(0)
    held.resolve()
    await flushed
    await ledger.flush()
    expect(written).toBeGreaterThan(1)
    expect((await log.segments()).length).toBeGreaterThan(20)
    const requests = (await allRecords(ledger)).filter(({ kind }) => kind === 'traffic')
    expect(requests.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: 1000 - dropped }, (_, at) => `request-${at}`),
    )
    expect(await ledger.verify()).toMatchObject({ ok: true })
  }, 30_000)

  test('hands fewer records to the disk after the flush interval', async () => {
    await using fixture = await openFixture({ config: { flushInterval: '5ms' } })
    const { ledger } = fixture
    ledger.record(traffic())
    while (ledger.state().written < 2) await new Promise((resolve) => setImmediate(resolve))
    expect((await ledger.across().query({ kind: 'traffic' })).records).toHaveLength(1)
  })

  test('writes what waits when it is closed', async () => {
    await using fixture = await openFixture({ config: { flushInterval: '1h' } })
    for (let at = 0; at < 42; at++) fixture.ledger.record(traffic())
    await using again = await fixture.reopen()
    expect((await again.ledger.across().query({ kind: 'traffic' })).records).toHaveLength(42)
  })

  test('drops what a full queue cannot hold, counts it, and marks the gap in the chain', async () => {
    await using fixture = await openFixture({ config: { traffic: { queue: 256 } } })
    const { ledger } = fixture
    for (let at = 0; at < 300; at++) ledger.record(traffic())
    await ledger.flush()
    expect(ledger.state().dropped).toBe(44)
    const [gap] = (await ledger.across().query({ kind: 'gap' })).records
    expect(gap).toMatchObject({ action: 'traffic.drop', details: { dropped: 44 } })
    expect((await ledger.across().query({ kind: 'traffic', limit: 1000 })).records).toHaveLength(
      256,
    )
    expect(await ledger.verify()).toMatchObject({ ok: true })
  })

  test('marks the gap of what was dropped before it came to the ledger', async () => {
    await using fixture = await openFixture({})
    const { ledger } = fixture
    ledger.drop(7)
    ledger.drop(5)
    await ledger.flush()
    expect(ledger.state().dropped).toBe(12)
    const [gap] = (await ledger.across().query({ kind: 'gap' })).records
    expect(gap).toMatchObject({ action: 'traffic.drop', details: { dropped: 12 } })
    expect(await ledger.verify()).toMatchObject({ ok: true })
  })

  test('records one in N allowed requests but every refusal', async () => {
    await using fixture = await openFixture({ config: { traffic: { allowedOneIn: 10 } } })
    const { ledger } = fixture
    for (let at = 0; at < 100; at++) {
      ledger.record(traffic())
      ledger.record(traffic({ outcome: 'rate_limited' }))
    }
    await ledger.flush()
    const count = async (outcome: string) =>
      (await ledger.across().query({ outcome, limit: 1000 })).records.length
    expect(await count('allow')).toBe(10)
    expect(await count('rate_limited')).toBe(100)
  })

  test('records no traffic when told so, and admin records all the same', async () => {
    await using fixture = await openFixture({ config: { traffic: { enabled: false } } })
    fixture.ledger.record(traffic())
    await fixture.ledger.append(adminEntry('a'))
    expect((await allRecords(fixture.ledger)).map(({ kind }) => kind)).toEqual(['system', 'admin'])
  })

  test('masks secrets in the state before and after a change', async () => {
    await using fixture = await openFixture()
    await fixture.ledger.append({
      ...adminEntry('key_1'),
      before: {
        name: 'ci',
        secret: 's3cr3t-value',
        nested: { passwordHash: 'abc', tokenId: 't1' },
      },
      after: {
        note: 'tg_live_abc123_0123456789abcdefABCDEF',
        when: new Date(0),
        bytes: new Uint8Array(4),
      },
    })
    const [record] = (await fixture.ledger.across().query({ kind: 'admin' })).records
    expect(record?.before).toEqual({
      name: 'ci',
      secret: '[masked]',
      nested: { passwordHash: '[masked]', tokenId: 't1' },
    })
    expect(record?.after).toEqual({
      note: 'tg_live_abc123_[masked]',
      when: '1970-01-01T00:00:00.000Z',
      bytes: '[4 bytes]',
    })
  })

  test('keeps the state as it was when append was called', async () => {
    await using fixture = await openFixture()
    const after = { name: 'first' }
    const appended = fixture.ledger.append({ ...adminEntry('key_1'), after })
    after.name = 'changed later'
    await appended
    const [record] = (await fixture.ledger.across().query({ kind: 'admin' })).records
    expect(record?.after).toEqual({ name: 'first' })
  })

  test('refuses records beyond the bound of a line, and all once it is closed', async () => {
    await using fixture = await openFixture()
    const { ledger } = fixture
    const texts = Array.from({ length: 200 }, () => 'x'.repeat(4000))
    expect(await rejectionOf(ledger.append({ ...adminEntry('a'), after: texts }))).toMatchObject({
      code: 'too_large',
    })
    await fixture.close()
    expect(await rejectionOf(ledger.append(adminEntry('b')))).toBeInstanceOf(LedgerError)
    ledger.record(traffic())
    expect(ledger.state()).toMatchObject({ status: 'closed', dropped: 1 })
  })

  test('seals segments by size and by age, and the chain runs through', async () => {
    await using fixture = await openFixture({ config: { segment: { size: '4KiB', age: '1h' } } })
    const { ledger, clock, log } = fixture
    for (let at = 0; at < 200; at++) {
      ledger.record(traffic({ requestId: `request-${at}` }))
      if (at % 20 === 0) await ledger.flush()
    }
    await ledger.flush()
    await ledger.append(adminEntry('early'))
    const bySize = (await log.segments()).length
    expect(bySize).toBeGreaterThan(5)
    clock.advance(3_600_000)
    await ledger.append(adminEntry('late'))
    expect((await log.segments()).length).toBe(bySize + 1)
    expect(await ledger.verify()).toMatchObject({ ok: true, segments: bySize + 1 })
    await using again = await fixture.reopen()
    expect(await again.ledger.verify()).toMatchObject({ ok: true, segments: bySize + 1 })
  })

  test('gives a checkpoint that stands for the newest record', async () => {
    await using fixture = await openFixture()
    await fixture.ledger.append(adminEntry('a'))
    const checkpoint = fixture.ledger.checkpoint()
    expect(checkpoint.seq).toBe(2)
    expect((await allRecords(fixture.ledger)).at(-1)?.hash).toBe(checkpoint.hash)
  })
})
