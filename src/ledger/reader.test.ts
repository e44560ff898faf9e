import { readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { AuditFilter, AuditReader, Ledger } from './contract.ts'
import type { AuditRecord } from './record.ts'
import { adminEntry, allRecords, openFixture, traffic, rejectionOf } from './ledger.fixture.ts'

const START_MS = 1_767_225_600_000
const small = { segment: { size: '8KiB' } } as const

/** Three tenants, five actors, two actions, several segments. */
async function fill(ledger: Ledger, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    ledger.record(
      traffic({
        timeMs: START_MS + at * 10,
        tenantId: `ten_${at % 3}`,
        actorId: `key_${at % 5}`,
        action: at % 2 === 0 ? 'scene:read' : 'scene:write',
        outcome: at % 7 === 0 ? 'rate_limited' : 'allow',
        requestId: `request-${at}`,
      }),
    )
    if (at % 20 === 19) await ledger.flush()
    if (at % 50 === 0) await ledger.append({ ...adminEntry(`key_${at}`), tenantId: 'ten_0' })
  }
  await ledger.flush()
}

const filters: fc.Arbitrary<AuditFilter> = fc.record(
  {
    actorId: fc.constantFrom('key_1', 'key_4', 'root', 'nobody'),
    action: fc.constantFrom('scene:read', 'scene:write', 'key.create', 'segment.open'),
    outcome: fc.constantFrom('allow', 'rate_limited', 'ok'),
    kind: fc.constantFrom('traffic', 'admin', 'system', 'gap'),
    requestId: fc.constantFrom('request-3', 'request-250', 'request-none'),
    fromMs: fc.integer({ min: START_MS, max: START_MS + 4000 }),
    toMs: fc.integer({ min: START_MS, max: START_MS + 4000 }),
  },
  { requiredKeys: [] },
)

function expected(records: readonly AuditRecord[], filter: AuditFilter, tenantId?: string) {
  return records.filter(
    (record) =>
      (tenantId === undefined || record.tenantId === tenantId) &&
      (filter.actorId === undefined || record.actor?.id === filter.actorId) &&
      (filter.action === undefined || record.action === filter.action) &&
      (filter.outcome === undefined || record.outcome === filter.outcome) &&
      (filter.kind === undefined || record.kind === filter.kind) &&
      (filter.requestId === undefined || record.requestId === filter.requestId) &&
      record.timeMs >= (filter.fromMs ?? 0) &&
      record.timeMs <= (filter.toMs ?? Infinity),
  )
}

async function pages(
  reader: AuditReader,
  filter: AuditFilter,
  limit: number,
): Promise<AuditRecord[]> {
  const found: AuditRecord[] = []
  let cursor: string | undefined
  do {
    const page = await reader.query({
      ...filter,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    })
    expect(page.records.length).toBeLessThanOrEqual(limit)
    found.push(...page.records)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

async function exported(reader: AuditReader, filter: AuditFilter): Promise<number[]> {
  let text = ''
  for await (const chunk of reader.export(filter)) text += new TextDecoder().decode(chunk)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as AuditRecord).seq)
}

const seqs = (records: readonly AuditRecord[]): number[] => records.map(({ seq }) => seq)

describe('reading the ledger', () => {
  test('finds exactly what a full scan finds, newest first, page by page; export oldest first', async () => {
    await using fixture = await openFixture({ config: small })
    const { ledger } = fixture
    await fill(ledger, 400)
    const records = await allRecords(ledger)
    expect((await fixture.log.segments()).length).toBeGreaterThan(5)
    const scopes = fc.constantFrom(undefined, 'ten_0', 'ten_2', 'ten_none')
    await fc.assert(
      fc.asyncProperty(
        filters,
        scopes,
        fc.integer({ min: 1, max: 60 }),
        async (filter, scope, limit) => {
          const reader = scope === undefined ? ledger.across() : ledger.tenant(scope)
          const wanted = seqs(expected(records, filter, scope))
          expect(await exported(reader, filter)).toEqual(wanted)
          expect(seqs(await pages(reader, filter, limit))).toEqual(wanted.toReversed())
        },
      ),
      { numRuns: 60 },
    )
  })

  test('shows a tenant its own records alone: none of others, none without a tenant', async () => {
    await using fixture = await openFixture({ config: small })
    await fill(fixture.ledger, 120)
    for (const filter of [{}, { kind: 'system' }, { actorId: 'key_1' }] as const) {
      const found = await pages(fixture.ledger.tenant('ten_1'), filter, 1000)
      expect(found.every(({ tenantId }) => tenantId === 'ten_1')).toBe(true)
    }
    expect(() => fixture.ledger.tenant('')).toThrow(RangeError)
  })

  test('answers the same after a restart, from index files, without them, and from damaged ones', async () => {
    await using first = await openFixture({ config: small })
    await fill(first.ledger, 300)
    const query = { actorId: 'key_3', limit: 1000 } as const
    const wanted = seqs((await first.ledger.across().query(query)).records)
    expect(wanted).toHaveLength(60)
    await using second = await first.reopen()
    expect(seqs((await second.ledger.across().query(query)).records)).toEqual(wanted)
    const folder = join(second.folder, 'index')
    const [one = '', two = ''] = (await readdir(folder)).sort()
    await rm(join(folder, one))
    await truncate(join(folder, two), 1000)
    await using third = await second.reopen()
    expect(seqs((await third.ledger.across().query(query)).records)).toEqual(wanted)
    expect(await readdir(folder)).toContain(one)
    await rm(folder, { recursive: true })
    await using fourth = await third.reopen()
    expect(seqs((await fourth.ledger.across().query(query)).records)).toEqual(wanted)
  })

  test('needs no index files, and keeps to its memory bound', async () => {
    await using fixture = await openFixture({
      config: { ...small, indexMemory: '4KiB' },
      indexed: false,
    })
    await fill(fixture.ledger, 300)
    const { records } = await fixture.ledger.across().query({ actorId: 'key_3', limit: 1000 })
    expect(records).toHaveLength(60)
  })

  test('refuses a cursor that no page gave', async () => {
    await using fixture = await openFixture()
    for (const cursor of ['', '1', 's', 's-1', 'sZZ', "s1' OR 1=1"]) {
      expect(await rejectionOf(fixture.ledger.across().query({ cursor }))).toBeInstanceOf(
        RangeError,
      )
    }
  })

  test('goes on from a cursor although newer records were written meanwhile', async () => {
    await using fixture = await openFixture({ config: small })
    const { ledger } = fixture
    await fill(ledger, 100)
    const reader = ledger.across()
    const first = await reader.query({ kind: 'traffic', limit: 30 })
    await fill(ledger, 100)
    const cursor = first.nextCursor ?? ''
    const second = await reader.query({ kind: 'traffic', limit: 1000, cursor })
    expect(first.records.length + second.records.length).toBe(100)
  })

  test('reports progress of an export up to its end', async () => {
    await using fixture = await openFixture()
    await fill(fixture.ledger, 50)
    const reports: number[] = []
    const chunks = fixture.ledger.across().export({}, ({ bytes, bytesTotal }) => {
      reports.push(bytes / bytesTotal)
    })
    for await (const chunk of chunks) expect(chunk.at(-1)).toBe(10)
    expect(reports.at(-1)).toBe(1)
  })
})
