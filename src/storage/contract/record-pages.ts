import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Query, Reader } from '../records.ts'
import type { WithRecords } from './records.ts'
import type { Thing } from './things.ts'
import { THINGS, thingOf } from './things.ts'
import { thrownBy } from './thrown-by.ts'

/** All rows of a query, page by page. */
async function findAll(
  reader: Pick<Reader<Thing>, 'find'>,
  query: Query<Thing>,
): Promise<readonly Thing[]> {
  const rows: Thing[] = []
  let page = await reader.find(query)
  rows.push(...page.rows)
  while (page.nextCursor !== undefined) {
    page = await reader.find({ ...query, cursor: page.nextCursor })
    rows.push(...page.rows)
  }
  return rows
}

const GROUPS = [null, '', 'a', 'B', 'é', '\u{e000}', '\u{1f512}'] as const

const arbitraryThing = fc.record({
  group: fc.constantFrom(...GROUPS),
  rank: fc.integer({ min: -3, max: 3 }),
  weight: fc.option(fc.constantFrom(-1, 0, 0.5, 2)),
  active: fc.boolean(),
})

const arbitraryQuery = fc.oneof(
  fc.record({
    index: fc.constant('byGroupRank'),
    equals: fc.oneof(fc.constant({}), fc.record({ group: fc.constantFrom(...GROUPS) })),
    descending: fc.boolean(),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    index: fc.constant('byActive'),
    equals: fc.record({ active: fc.boolean() }),
    from: fc.constantFrom(-1, 0, 0.25),
    to: fc.constantFrom(0, 0.5, 1),
    descending: fc.boolean(),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    index: fc.constant('byActive'),
    equals: fc.record({ active: fc.boolean() }),
    to: fc.constantFrom(0, 0.5, 1),
    descending: fc.boolean(),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
)

const ORDER: Readonly<Record<string, readonly (keyof Thing)[]>> = {
  byGroupRank: ['group', 'rank', 'id'],
  byActive: ['active', 'weight', 'id'],
}

/** The expected result of a query, computed in the slow way. */
function expected(things: readonly Thing[], query: Query<Thing>): readonly string[] {
  const order = ORDER[query.index]!
  const next = order.find((name) => !(name in query.equals))!
  const rows = things.filter((thing) => {
    const value = thing[next]
    if (Object.entries(query.equals).some(([name, want]) => Reflect.get(thing, name) !== want)) {
      return false
    }
    if (query.from === undefined && query.to === undefined) return true
    if (typeof value !== 'number') return false
    return value >= Number(query.from ?? -Infinity) && value <= Number(query.to ?? Infinity)
  })
  const sorted = rows.toSorted((a, b) => {
    const differing = order.find((name) => a[name] !== b[name])
    return differing === undefined ? 0 : ascending(a[differing], b[differing])
  })
  return (query.descending === true ? sorted.toReversed() : sorted).map((thing) => thing.id)
}

function ascending(a: unknown, b: unknown): number {
  if (a === null) return -1
  if (b === null) return 1
  if (typeof a === 'string' && typeof b === 'string') {
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  }
  return Number(a) - Number(b)
}

/** Registers the tests of finding and paging. */
export function describePages(use: WithRecords): void {
  test('any query finds exactly its rows, in order, however it is paged', async () => {
    await use(async (records) => {
      let tenant = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(arbitraryThing, { maxLength: 14 }),
          arbitraryQuery,
          async (drawn, query) => {
            const tenantId = `tenant${tenant++}`
            const things = drawn.map((thing, at) => thingOf(`id${at}`, { ...thing, tenantId }))
            await records.commit(
              things.map((row) => ({ op: 'insert', collection: 'things', row }) as const),
            )
            const found = await findAll(records.tenant(tenantId, THINGS), query)
            const ids = expected(things as unknown as readonly Thing[], query)
            expect(found.map((thing) => thing.id)).toEqual([...ids])
            const { index, equals } = query
            const count = await records.tenant(tenantId, THINGS).count({ index, equals })
            expect(count).toBe(expected(things as unknown as Thing[], { index, equals }).length)
          },
        ),
        { numRuns: 60 },
      )
    })
  })

  test('a scan across tenants pages through every row once', async () => {
    await use(async (records) => {
      const rows = Array.from({ length: 25 }, (_, at) =>
        thingOf(`id${at >> 1}`, { tenantId: `t${at & 1}`, name: `n${at}`, rank: at % 3 }),
      )
      await records.commit(
        rows.map((row) => ({ op: 'insert', collection: 'things', row }) as const),
      )
      for (const descending of [false, true]) {
        const query = { index: 'everywhere', equals: {}, limit: 4, descending }
        const found = await findAll(records.across(THINGS), query)
        expect(new Set(found.map((thing) => thing.name)).size).toBe(25)
        expect(found.length).toBe(25)
      }
    })
  })

  test('rows that come and go between pages neither repeat nor hide others', async () => {
    await use(async (records) => {
      const insert = (at: number) =>
        ({ op: 'insert', collection: 'things', row: thingOf(`id${at}`, { rank: at }) }) as const
      await records.commit([1, 2, 3, 4].map(insert))
      const reader = records.tenant('one', THINGS)
      const query = { index: 'byGroupRank', equals: { group: null }, limit: 2 } as const
      const first = await reader.find(query)
      await records.commit([
        insert(0),
        insert(5),
        { op: 'delete', collection: 'things', tenantId: 'one', id: 'id2' },
      ])
      const second = await reader.find({ ...query, limit: 9, cursor: first.nextCursor! })
      expect(second.rows.map((row) => row.rank)).toEqual([3, 4, 5])
      expect(second.nextCursor).toBeUndefined()
    })
  })

  test('a forged, foreign or broken cursor finds nothing and says so', async () => {
    await use(async (records) => {
      const insert = (at: number) =>
        ({ op: 'insert', collection: 'things', row: thingOf(`id${at}`, { rank: at }) }) as const
      await records.commit([1, 2, 3].map(insert))
      const reader = records.tenant('one', THINGS)
      const query = { index: 'byGroupRank', equals: { group: null }, limit: 1 } as const
      const { nextCursor } = await reader.find(query)
      const forged = [
        '',
        'x',
        '%%%',
        'a'.repeat(10_000),
        Buffer.from('{}').toString('base64url'),
        Buffer.from('["+byGroupRank","no number","id1"]').toString('base64url'),
        Buffer.from('["+byGroupRank",1]').toString('base64url'),
        nextCursor!.slice(0, -3),
      ]
      for (const cursor of forged) {
        expect(await reader.find({ ...query, cursor })).toEqual({ rows: [], badCursor: true })
      }
      const other = { ...query, descending: true, cursor: nextCursor! }
      expect((await reader.find(other)).badCursor).toBe(true)
    })
  })

  test('a query that the collection does not provide for is an error', async () => {
    await use(async (records) => {
      const reader = records.tenant('one', THINGS)
      const bad = [
        { index: 'none', equals: {} },
        { index: 'byGroupRank', equals: { rank: 1 } },
        { index: 'byGroupRank', equals: { group: 'a', rank: 1 }, from: 'x' },
        { index: 'byGroupRank', equals: { group: 'a' }, from: 'x' },
        { index: 'byName', equals: { name: 1 as never } },
      ]
      for (const query of bad) await thrownBy(async () => reader.find(query))
      await thrownBy(async () => reader.getBy('byGroupRank', { group: 'a', rank: 1 }))
      await thrownBy(async () => reader.getBy('byName', {}))
    })
  })

  test('a page holds at most 1000 rows', async () => {
    await use(async (records) => {
      const rows = Array.from({ length: 1001 }, (_, at) => thingOf(`id${at}`, { rank: at }))
      await records.commit(
        rows.map((row) => ({ op: 'insert', collection: 'things', row }) as const),
      )
      const reader = records.tenant('one', THINGS)
      const query = { index: 'byGroupRank', equals: { group: null } } as const
      expect((await reader.find({ ...query, limit: 5000 })).rows.length).toBe(1000)
      expect((await reader.find(query)).rows.length).toBe(100)
    })
  })
}
