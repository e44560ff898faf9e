import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import type { FaultKind } from './contract.ts'
import type { Fixture } from './ledger.fixture.ts'
import { createHash } from 'node:crypto'
import { adminEntry, openFixture, traffic } from './ledger.fixture.ts'
import { segmentPath } from './log.fixture.ts'
import { readFileLog } from '../storage/index.ts'
import { nodeDigest } from './chain.ts'
import { verifyChain } from './verify.ts'

const config = { segment: { size: '4KiB' } } as const

/** A closed ledger of several segments. */
async function closedLedger(): Promise<Fixture> {
  const fixture = await openFixture({ config })
  for (let at = 0; at < 100; at++) {
    fixture.ledger.record(traffic({ requestId: `request-${at}` }))
    if (at % 10 === 9) await fixture.ledger.flush()
  }
  await fixture.close()
  return fixture
}

async function verifyFolder(fixture: Fixture, checkpoint?: { seq: number; hash: string }) {
  const log = readFileLog(join(fixture.folder, 'log'))
  return verifyChain({ log, digest: nodeDigest, checkpoint })
}

/** Changes the lines of a segment. */
async function tamper(
  fixture: Fixture,
  segment: number,
  change: (lines: string[]) => string[],
): Promise<void> {
  const path = segmentPath(join(fixture.folder, 'log'), segment)
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1)
  await writeFile(
    path,
    change(lines)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

const seqOf = (line: string | undefined): number => (JSON.parse(line ?? '') as { seq: number }).seq
const hashOf = (line: string | undefined): string =>
  (JSON.parse(line ?? '') as { hash: string }).hash

/** Recomputes the hashes of all lines, as somebody would to cover up a change. */
function rechain(lines: readonly string[], previous: string): string[] {
  let last = previous
  return lines.map((line) => {
    const json = line.replace(/,"hash":"[0-9a-f]{64}"\}$/, '}')
    last = createHash('sha256').update(Buffer.from(last, 'hex')).update(json).digest('hex')
    return `${json.slice(0, -1)},"hash":"${last}"}`
  })
}

const TAMPERINGS: readonly (readonly [string, FaultKind, (lines: string[]) => string[]])[] = [
  ['a changed value', 'changed', (lines) => lines.with(5, lines[5]!.replace('"allow"', '"deny"'))],
  ['a changed hash', 'changed', (lines) => lines.with(5, lines[5]!.replace(/.{2}"\}$/, 'zz"}'))],
  ['a line that is no record', 'changed', (lines) => lines.with(5, 'nothing')],
  ['an added member', 'changed', (lines) => lines.with(5, lines[5]!.replace('{', '{"x":1,'))],
  ['a removed record', 'missing', (lines) => lines.toSpliced(5, 1)],
  ['several removed records', 'missing', (lines) => lines.toSpliced(5, 3)],
  ['two records exchanged', 'reordered', (lines) => lines.with(5, lines[6]!).with(6, lines[5]!)],
  [
    'a record moved up',
    'reordered',
    (lines) => [...lines.slice(0, 5), lines[8]!, ...lines.slice(5, 8), ...lines.slice(9)],
  ],
  ['a record twice', 'reordered', (lines) => lines.toSpliced(6, 0, lines[5]!)],
]

describe('verifying the chain', () => {
  test('finds a sound chain sound, also when the log is read by itself', async () => {
    await using fixture = await closedLedger()
    const report = await verifyFolder(fixture)
    expect(report).toMatchObject({ ok: true, firstSeq: 1, fault: undefined })
    expect(report.records).toBe(report.lastSeq)
    expect(report.segments).toBeGreaterThan(5)
  })

  test.each(TAMPERINGS)('finds %s and says where', async (_name, kind, change) => {
    await using fixture = await closedLedger()
    let before: string[] = []
    await tamper(fixture, 3, (lines) => {
      before = lines
      return change(lines)
    })
    const { ok, fault } = await verifyFolder(fixture)
    const offset = (count: number) => Buffer.byteLength(before.slice(0, count).join('\n')) + 1
    expect(ok).toBe(false)
    expect(fault?.kind).toBe(kind)
    expect(fault?.segment).toBe(3)
    const at = before.findIndex((line) => seqOf(line) === fault?.seq)
    expect(at).toBeOneOf([5, 6])
    expect(fault?.offset).toBe(offset(at))
  })

  test('finds a change that was covered up within its segment, at the next segment', async () => {
    await using fixture = await closedLedger()
    await tamper(fixture, 3, (lines) =>
      rechain(
        lines.with(5, lines[5]!.replace('"allow"', '"deny"')),
        (JSON.parse(lines[0]!) as { details: { previousHash: string } }).details.previousHash,
      ),
    )
    const { fault } = await verifyFolder(fixture)
    expect(fault).toMatchObject({ kind: 'changed', segment: 4, offset: 0 })
  })

  test('finds a segment that is gone, one that is cut, and records after a seal', async () => {
    await using gone = await closedLedger()
    await rm(segmentPath(join(gone.folder, 'log'), 3))
    expect((await verifyFolder(gone)).fault).toMatchObject({
      kind: 'missing',
      segment: 4,
      offset: 0,
    })
    await using cut = await closedLedger()
    await tamper(cut, 3, (lines) => lines.slice(0, -2))
    expect((await verifyFolder(cut)).fault).toMatchObject({ kind: 'truncated', segment: 3 })
    await using more = await closedLedger()
    await tamper(more, 3, (lines) => [...lines, lines[1]!])
    expect((await verifyFolder(more)).fault).toMatchObject({ kind: 'reordered', segment: 3 })
  })

  test('finds that the oldest segment was removed by hand', async () => {
    await using fixture = await closedLedger()
    await rm(segmentPath(join(fixture.folder, 'log'), 1))
    const { fault } = await verifyFolder(fixture)
    expect(fault).toMatchObject({ kind: 'missing', segment: 2, offset: 0 })
  })

  test('finds a cut end, and a chain written anew, by a checkpoint noted outside', async () => {
    await using fixture = await closedLedger()
    const { lastSeq, lastHash } = await verifyFolder(fixture)
    const checkpoint = { seq: lastSeq, hash: lastHash }
    expect(await verifyFolder(fixture, checkpoint)).toMatchObject({ ok: true })
    const last = (await readdir(join(fixture.folder, 'log'))).length
    await tamper(fixture, last, (lines) => lines.slice(0, -1))
    expect(await verifyFolder(fixture)).toMatchObject({ ok: true })
    expect((await verifyFolder(fixture, checkpoint)).fault).toMatchObject({
      kind: 'truncated',
      seq: lastSeq,
    })
    await using other = await closedLedger()
    const forged = { seq: 5, hash: 'ab'.repeat(32) }
    expect((await verifyFolder(other, forged)).fault).toMatchObject({
      kind: 'checkpoint_mismatch',
      seq: 5,
    })
  })

  test('finds while running that the newest records were cut off or written anew', async () => {
    await using fixture = await openFixture()
    const { ledger } = fixture
    for (const id of ['a', 'b', 'c']) await ledger.append(adminEntry(id))
    await tamper(fixture, 1, (lines) => rechain(lines, '0'.repeat(64)))
    expect(await ledger.verify()).toMatchObject({ ok: true })
    await tamper(fixture, 1, (lines) =>
      rechain(lines.with(2, lines[2]!.replace('root', 'r00t')), '0'.repeat(64)),
    )
    expect((await ledger.verify()).fault).toMatchObject({ kind: 'checkpoint_mismatch' })
    await tamper(fixture, 1, (lines) => lines.slice(0, 2))
    expect((await ledger.verify()).fault).toMatchObject({ kind: 'truncated', seq: 3 })
  })

  test('verifies while records are being written', async () => {
    await using fixture = await openFixture({ config })
    const { ledger } = fixture
    const reports = []
    for (let at = 0; at < 200; at++) {
      ledger.record(traffic())
      if (at % 20 === 0) reports.push(ledger.verify())
      if (at % 50 === 0) await ledger.append(adminEntry(String(at)))
    }
    for (const report of await Promise.all(reports)) expect(report.fault).toBeUndefined()
  })

  test('reports progress', async () => {
    await using fixture = await openFixture()
    await fixture.ledger.append(adminEntry('a'))
    const seen: number[] = []
    await fixture.ledger.verify({
      onProgress: ({ bytes, bytesTotal }) => seen.push(bytes / bytesTotal),
    })
    expect(seen.at(-1)).toBe(1)
  })
})

describe('a torn tail', () => {
  test('is cut off when the ledger is opened, which is said in the report and in the chain', async () => {
    await using fixture = await closedLedger()
    const last = (await readdir(join(fixture.folder, 'log'))).length
    await appendFile(segmentPath(join(fixture.folder, 'log'), last), '{"seq":9999,"timeMs":17')
    expect((await verifyFolder(fixture)).fault).toMatchObject({ kind: 'truncated' })
    await using again = await openFixture({ config, folder: fixture.folder })
    expect(again.ledger.opening).toMatchObject({ healedBytes: 23, fault: undefined })
    const [healed] = (await again.ledger.across().query({ action: 'ledger.heal' })).records
    expect(healed).toMatchObject({ kind: 'system', details: { healedBytes: 23 } })
    expect(await again.ledger.verify()).toMatchObject({ ok: true })
  })

  test('that hides a fault in the newest segment leaves it for verify to find', async () => {
    await using fixture = await openFixture()
    for (const id of ['a', 'b', 'c']) await fixture.ledger.append(adminEntry(id))
    await fixture.close()
    await tamper(fixture, 1, (lines) => lines.with(2, lines[2]!.replace('root', 'r00t')))
    await using again = await openFixture({ folder: fixture.folder })
    expect(again.ledger.opening.fault).toMatchObject({ kind: 'changed', seq: 3, segment: 1 })
    await again.ledger.append(adminEntry('d'))
    expect((await again.ledger.verify()).fault).toMatchObject({ kind: 'changed', seq: 3 })
  })

  test.each([1, 2, 3])('or a rotation interrupted at step %p is completed', async (step) => {
    await using fixture = await closedLedger()
    const folder = join(fixture.folder, 'log')
    const last = (await readdir(folder)).length
    // 1: sealed, but no new segment. 2: an empty new segment. 3: a torn header in it.
    await rm(segmentPath(folder, last))
    if (step >= 2) await writeFile(segmentPath(folder, last), step === 2 ? '' : '{"seq":')
    await using again = await openFixture({ config, folder: fixture.folder })
    await again.ledger.append(adminEntry('a'))
    expect(await again.ledger.verify()).toMatchObject({ ok: true, segments: last })
    expect(
      hashOf(await readFile(segmentPath(folder, last), 'utf8').then((text) => text.split('\n')[0])),
    ).toHaveLength(64)
  })
})
