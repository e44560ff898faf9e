import { describe, expect, test } from 'bun:test'
import type { ManualClock } from '../../core/clock.ts'
import { createManualClock } from '../../core/clock.ts'
import type { Change, Records } from '../records.ts'
import { describePages } from './record-pages.ts'
import type { Thing } from './things.ts'
import { CREATED_MS, SETTINGS, THINGS, thingOf } from './things.ts'
import { thrownBy } from './thrown-by.ts'

/** Makes records that hold {@link COLLECTIONS} for one test, with a function that tears them down. */
export type RecordsFactory = (
  clock: ManualClock,
) => Promise<{ records: Records; end: () => Promise<void> }>

/** Runs a test on records made for it. */
export type WithRecords = (
  run: (records: Records, clock: ManualClock) => Promise<void>,
) => Promise<void>

const insertThing = (id: string, changes: Partial<Thing> = {}): Change => ({
  op: 'insert',
  collection: 'things',
  row: thingOf(id, changes),
})

const setting = (id: string, value: string): Change => ({
  op: 'insert',
  collection: 'settings',
  row: { id, value, createdAtMs: CREATED_MS, updatedAtMs: CREATED_MS },
})

/** Registers the tests that every {@link Records} adapter must pass. */
export function describeRecords(adapter: string, create: RecordsFactory): void {
  const use: WithRecords = async (run) => {
    const clock = createManualClock(CREATED_MS + 5000)
    const { records, end } = await create(clock)
    try {
      await run(records, clock)
    } finally {
      await end()
    }
  }
  describe(`records: ${adapter}`, () => {
    describeChanges(use)
    describeIsolation(use)
    describePages(use)
  })
}

function describeChanges(use: WithRecords): void {
  test('a row comes back as it went in, whatever its columns hold', async () => {
    await use(async (records) => {
      const digest = Uint8Array.of(0, 1, 255)
      const body = { list: [1, 'ü', null, true], nested: { deep: '\u{1f512}' } }
      const full = { group: 'g', rank: -7, weight: 0.1, active: false, body, digest }
      expect(await records.commit([insertThing('a', full), insertThing('b')])).toEqual({ ok: true })
      const reader = records.tenant('one', THINGS)
      expect(await reader.get('a')).toEqual({
        ...thingOf('a', full),
        version: 1,
      } as Thing)
      expect(await reader.get('b')).toMatchObject({ group: null, weight: null, body: null })
      expect((await reader.getBy('byName', { name: 'name of a' }))?.id).toBe('a')
      expect((await records.across(THINGS).getBy('byDigest', { digest }))?.id).toBe('a')
      expect(await reader.get('c')).toBeUndefined()
    })
  })

  test('what a caller keeps or gets never changes what is stored', async () => {
    await use(async (records) => {
      const digest = Uint8Array.of(1)
      const body = { list: [1] }
      await records.commit([insertThing('a', { body, digest })])
      body.list.push(2)
      digest[0] = 9
      const reader = records.tenant('one', THINGS)
      const found = await reader.get('a')
      found!.digest![0] = 8
      expect(await reader.get('a')).toMatchObject({ body: { list: [1] }, digest: Uint8Array.of(1) })
    })
  })

  test('an update sets what it names, raises the version and the time', async () => {
    await use(async (records, clock) => {
      await records.commit([insertThing('a')])
      clock.advance(1000)
      const update = { op: 'update', collection: 'things', tenantId: 'one', id: 'a' } as const
      await records.commit([{ ...update, set: { rank: 3 } }])
      const reader = records.tenant('one', THINGS)
      expect(await reader.get('a')).toMatchObject({
        rank: 3,
        name: 'name of a',
        version: 2,
        createdAtMs: CREATED_MS,
        updatedAtMs: CREATED_MS + 6000,
      })
      await records.commit([{ ...update, set: { updatedAtMs: 5 }, ifVersion: 2 }])
      expect(await reader.get('a')).toMatchObject({ version: 3, updatedAtMs: 5 })
    })
  })

  test('a change that does not apply is told apart: missing, stale, duplicate', async () => {
    await use(async (records) => {
      await records.commit([insertThing('a', { digest: Uint8Array.of(1) }), insertThing('b')])
      const row = { collection: 'things', tenantId: 'one' } as const
      const outcomes: readonly (readonly [Change, object])[] = [
        [{ ...row, op: 'update', id: 'x', set: {} }, { reason: 'missing' }],
        [{ ...row, op: 'update', id: 'x', set: {}, ifVersion: 1 }, { reason: 'missing' }],
        [{ ...row, op: 'update', id: 'a', set: {}, ifVersion: 2 }, { reason: 'stale' }],
        [{ ...row, op: 'delete', id: 'x' }, { reason: 'missing' }],
        [{ ...row, op: 'delete', id: 'a', ifVersion: 9 }, { reason: 'stale' }],
        [insertThing('a', { name: 'new' }), { reason: 'duplicate' }],
        [insertThing('c', { name: 'name of a' }), { reason: 'duplicate', index: 'byName' }],
        [
          { ...row, op: 'update', id: 'b', set: { name: 'name of a' } },
          { reason: 'duplicate', index: 'byName' },
        ],
        [
          insertThing('c', { tenantId: 'two', digest: Uint8Array.of(1) }),
          { reason: 'duplicate', index: 'byDigest' },
        ],
      ]
      for (const [change, expected] of outcomes) {
        expect(await records.commit([change])).toEqual({
          ok: false,
          change: 0,
          ...expected,
        } as never)
      }
      expect(await records.tenant('one', THINGS).get('a')).toMatchObject({ version: 1 })
    })
  })

  test('a batch applies all or none', async () => {
    await use(async (records) => {
      await records.commit([insertThing('a'), setting('s', 'old')])
      const failed = await records.commit([
        insertThing('b'),
        { op: 'update', collection: 'settings', id: 's', set: { value: 'new' } },
        { op: 'delete', collection: 'things', tenantId: 'one', id: 'a' },
        insertThing('b', { name: 'again' }),
      ])
      expect(failed).toEqual({ ok: false, reason: 'duplicate', change: 3 })
      expect(await records.tenant('one', THINGS).get('b')).toBeUndefined()
      expect(await records.tenant('one', THINGS).get('a')).toBeDefined()
      expect(await records.global(SETTINGS).get('s')).toMatchObject({ value: 'old', version: 1 })
    })
  })

  test('a unique value can be moved to another row within one batch', async () => {
    await use(async (records) => {
      await records.commit([insertThing('a')])
      const row = { collection: 'things', tenantId: 'one', id: 'a' } as const
      const moved = await records.commit([
        { ...row, op: 'update', set: { name: 'free' } },
        insertThing('b', { name: 'name of a' }),
        { ...row, op: 'delete' },
        insertThing('a'.repeat(2), { name: 'free' }),
      ])
      expect(moved).toEqual({ ok: true })
    })
  })

  test('batches committed at the same time do not hurt each other', async () => {
    await use(async (records) => {
      await records.commit([insertThing('taken')])
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, async (_, at) =>
          records.commit([
            insertThing(`id${at}`),
            ...(at % 4 === 0 ? [insertThing('taken', { name: `other ${at}` })] : []),
          ]),
        ),
      )
      expect(outcomes.filter((outcome) => outcome.ok).length).toBe(30)
      expect(await records.tenant('one', THINGS).count({ index: 'byName', equals: {} })).toBe(31)
    })
  })

  test('mistakes in code are errors and store nothing', async () => {
    await use(async (records) => {
      const row = thingOf('a')
      const bad: readonly Change[] = [
        { op: 'insert', collection: 'nothing', row },
        { op: 'insert', collection: 'things', row: { ...row, colour: 'red' } },
        { op: 'insert', collection: 'things', row: { ...row, rank: 'first' } },
        { op: 'insert', collection: 'things', row: { ...row, rank: 0.5 } },
        { op: 'insert', collection: 'things', row: { ...row, name: null } },
        { op: 'insert', collection: 'things', row: { ...row, name: 'lone \ud800' } },
        { op: 'insert', collection: 'things', row: { ...row, tenantId: undefined } },
        { op: 'update', collection: 'things', id: 'a', set: {} },
        { op: 'update', collection: 'things', tenantId: 'one', id: 'a', set: { version: 9 } },
        { op: 'delete', collection: 'settings', tenantId: 'one', id: 'a' },
        { op: 'deleteWhere', collection: 'things', index: 'byName', equals: {} },
      ]
      for (const change of bad) {
        const error = await thrownBy(async () => records.commit([insertThing('z'), change]))
        expect(error.message.length).toBeGreaterThan(5)
      }
      expect(await records.tenant('one', THINGS).get('z')).toBeUndefined()
    })
  })
}

function describeIsolation(use: WithRecords): void {
  test('a tenant never reaches rows of another, by any read or change', async () => {
    await use(async (records) => {
      await records.commit([
        insertThing('a', { name: 'same' }),
        insertThing('a', { tenantId: 'two', name: 'same', rank: 2 }),
        insertThing('b', { tenantId: 'two' }),
      ])
      const one = records.tenant('one', THINGS)
      expect(await one.get('b')).toBeUndefined()
      expect(await one.getBy('byName', { name: 'name of b' })).toBeUndefined()
      expect((await one.find({ index: 'byName', equals: {} })).rows.length).toBe(1)
      expect((await one.find({ index: 'everywhere', equals: {} })).rows.length).toBe(1)
      expect(await one.count({ index: 'byGroupRank', equals: { group: null } })).toBe(1)
      const row = { collection: 'things', tenantId: 'one', id: 'b' } as const
      expect(await records.commit([{ ...row, op: 'delete' }])).toMatchObject({ reason: 'missing' })
      await records.commit([{ ...row, op: 'deleteWhere', index: 'byName', equals: {} }])
      expect(await one.get('a')).toBeUndefined()
      expect(await records.tenant('two', THINGS).get('a')).toMatchObject({ rank: 2 })
    })
  })

  test('only indexes that say so are reached across tenants', async () => {
    await use(async (records) => {
      const digest = Uint8Array.of(7)
      await records.commit([insertThing('a', { tenantId: 'two', digest, rank: 4 })])
      const across = records.across(THINGS)
      expect((await across.getBy('byDigest', { digest }))?.tenantId).toBe('two')
      expect((await across.find({ index: 'everywhere', equals: { rank: 4 } })).rows.length).toBe(1)
      await thrownBy(async () => across.find({ index: 'byName', equals: {} }))
      await thrownBy(() => records.global(THINGS as never))
      await records.commit([
        { op: 'deleteWhere', collection: 'things', index: 'everywhere', equals: { rank: 4 } },
      ])
      expect(await across.getBy('byDigest', { digest })).toBeUndefined()
    })
  })
}
