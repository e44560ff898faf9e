import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { copyFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createManualClock, systemClock } from '../../core/clock.ts'
import type { Folder } from '../contract/folder.ts'
import { makeFolder } from '../contract/folder.ts'
import { SETTINGS, THINGS, thingOf } from '../contract/things.ts'
import { thrownBy } from '../contract/thrown-by.ts'
import { DataUnwritableError } from '../data-unwritable.ts'
import { openSqlite } from '../open-sqlite.ts'
import type { Records, TenantRow } from '../records.ts'
import type { AnyCollection } from '../schema/collection-schema.ts'
import type { Migration } from '../sql/migrations.ts'

let folder: Folder
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => folder.remove())

const clock = createManualClock()

async function openWith(
  collections: readonly AnyCollection[],
  migrations: readonly Migration[] = [],
): Promise<Records> {
  return openSqlite({ path: join(folder.path, 'records.db'), collections, migrations, clock })
}

const insert = { op: 'insert', collection: 'things', row: thingOf('a') } as const

const NICKNAMED = {
  ...THINGS,
  columns: { ...THINGS.columns, nickname: { type: 'text' } },
  indexes: [...THINGS.indexes, { name: 'byNickname', columns: ['nickname'] }],
} as const

const ADD_NICKNAME: Migration = {
  version: 2,
  name: 'give things a nickname',
  up: async (builder) => {
    await builder.schema
      .alterTable('things')
      .addColumn('nickname', 'text', (column) => column.notNull().defaultTo('none'))
      .execute()
  },
}

describe('what is stored', () => {
  test('is there after a restart, readable by its owner alone', async () => {
    const first = await openWith([THINGS])
    await first.commit([insert])
    await first.close()
    const second = await openWith([THINGS])
    expect(await second.tenant('one', THINGS).get('a')).toMatchObject({ name: 'name of a' })
    await second.close()
    expect(statSync(join(folder.path, 'records.db')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder.path, 'records.db.lock')).mode & 0o777).toBe(0o600)
  })

  test('commits that still wait are on disk when close resolves', async () => {
    const first = await openWith([THINGS])
    const waiting = first.commit([insert])
    await first.close()
    expect(await waiting).toEqual({ ok: true })
    await thrownBy(async () => first.commit([insert]))
    const second = await openWith([THINGS])
    expect(await second.tenant('one', THINGS).get('a')).toBeDefined()
    await second.close()
  })
})

describe('the schema', () => {
  test('a migration brings old rows to the new shape, once', async () => {
    const old = await openWith([THINGS])
    await old.commit([insert])
    await old.close()
    for (let start = 0; start < 2; start++) {
      const records = await openWith([NICKNAMED], [ADD_NICKNAME])
      const found = await records
        .tenant<TenantRow>('one', NICKNAMED as never)
        .find({ index: 'byNickname', equals: { nickname: 'none' } as never })
      expect(found.rows.map((row) => row.id)).toEqual(['a'])
      await records.close()
    }
  })

  test('a fresh file starts at the latest version without running migrations', async () => {
    const failing = { ...ADD_NICKNAME, up: async () => Promise.reject(new Error('ran')) }
    await (await openWith([NICKNAMED], [failing])).close()
    await (await openWith([NICKNAMED], [failing])).close()
  })

  test('a failing migration changes nothing', async () => {
    await (await openWith([THINGS])).close()
    const failing: Migration = {
      ...ADD_NICKNAME,
      up: async (builder) => {
        await ADD_NICKNAME.up(builder)
        throw new Error('half way')
      },
    }
    const error = await thrownBy(async () => openWith([NICKNAMED], [failing]))
    expect(error.message).toBe('half way')
    await (await openWith([THINGS])).close()
  })

  test('a file of a newer program is refused and left as it is', async () => {
    await (await openWith([NICKNAMED], [ADD_NICKNAME])).close()
    const before = await Bun.file(join(folder.path, 'records.db')).bytes()
    const error = await thrownBy(async () => openWith([THINGS]))
    expect(error.name).toBe('SchemaError')
    expect(error.message).toContain('schema version 2')
    expect(await Bun.file(join(folder.path, 'records.db')).bytes()).toEqual(before)
  })

  test('columns that are not the declared ones are named', async () => {
    await (await openWith([THINGS])).close()
    const error = await thrownBy(async () => openWith([NICKNAMED]))
    expect(error.message).toContain('nickname is missing')
    await (await openWith([THINGS])).close()
  })

  test('a new collection needs no migration', async () => {
    await (await openWith([THINGS])).close()
    const records = await openWith([THINGS, SETTINGS])
    expect((await records.global(SETTINGS).find({ index: 'byValue', equals: {} })).rows).toEqual([])
    await records.close()
  })

  test('an index that is no longer declared goes, and comes back where it is', async () => {
    const indexesOf = (): readonly string[] => {
      const database = new Database(join(folder.path, 'records.db'), { readonly: true })
      const sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
      const rows = database.query<{ name: string }, []>(sql).all()
      database.close()
      return rows.map(({ name }) => name)
    }
    const [kept, ...retired] = THINGS.indexes
    const first = await openWith([THINGS, SETTINGS])
    await first.commit([insert])
    await first.close()
    const all = indexesOf()
    const second = await openWith([{ ...THINGS, indexes: [kept!] }, SETTINGS])
    expect(await second.tenant('one', THINGS).get('a')).toMatchObject({ name: 'name of a' })
    await second.close()
    const names = new Set(retired.map(({ name }) => `things_${name}`))
    expect(names.size).toBeGreaterThan(0)
    expect(indexesOf().toSorted()).toEqual(all.filter((name) => !names.has(name)).toSorted())
    await (await openWith([THINGS, SETTINGS])).close()
    expect(indexesOf().toSorted()).toEqual(all.toSorted())
  })

  test('every query of the contract is answered by its index', async () => {
    await (await openWith([THINGS])).close()
    const database = new Database(join(folder.path, 'records.db'))
    const plan = (sql: string): string =>
      JSON.stringify(database.query(`EXPLAIN QUERY PLAN ${sql}`).all())
    const byRank = plan(
      `select * from things where tenantId = 'one' and "group" = 'a' and (rank, id) > (1, 'x')
       order by rank, id limit 3`,
    )
    expect(byRank).toContain('USING INDEX things_byGroupRank')
    expect(byRank).not.toContain('TEMP B-TREE')
    database.close()
  })
})

describe('the lock', () => {
  test('a second opening is refused and names the process', async () => {
    const records = await openWith([THINGS])
    const error = await thrownBy(async () => openWith([THINGS]))
    expect(error.name).toBe('DataLockedError')
    expect(error.message).toContain(`process ${process.pid}`)
    await records.close()
    await (await openWith([THINGS])).close()
  })

  test('another process holds it until it dies, however it dies', async () => {
    const path = join(folder.path, 'records.db')
    const child = Bun.spawn({
      cmd: [process.execPath, join(import.meta.dir, 'holder.fixture.ts'), path],
      stdout: 'pipe',
    })
    try {
      await child.stdout.getReader().read()
      const error = await thrownBy(async () => openWith([THINGS]))
      expect(error.message).toContain(`process ${child.pid}`)
    } finally {
      child.kill('SIGKILL')
      await child.exited
    }
    await (await openWith([THINGS])).close()
  })
})

describe('a file that is moved while it is open', () => {
  test('takes no more changes: they would be lost; put back, it takes them again', async () => {
    const records = await openWith([THINGS])
    await records.commit([insert])
    const path = join(folder.path, 'records.db')
    renameSync(path, `${path}.old`)
    const other = { ...insert, row: thingOf('b') }
    const lost = thrownBy(async () => records.commit([other]))
    expect((await lost).message).toContain('moved or removed')
    copyFileSync(`${path}.old`, path)
    const beside = await thrownBy(async () => records.commit([other]))
    expect(beside).toBeInstanceOf(DataUnwritableError)
    expect(beside.message).toContain('another file has taken its place')
    renameSync(`${path}.old`, path)
    expect((await records.commit([other])).ok).toBe(true)
    await records.close()
  })
})

describe('kill -9', () => {
  test('every acknowledged commit is there afterwards', async () => {
    const path = join(folder.path, 'records.db')
    let acknowledged = 0
    for (let round = 0; round < 3; round++) {
      const child = Bun.spawn({
        cmd: [process.execPath, join(import.meta.dir, 'writer.fixture.ts'), path, String(round)],
        stdout: 'pipe',
      })
      const lines = await linesUntil(child, 60)
      acknowledged += lines.length
      const records = await openSqlite({ path, collections: [THINGS], clock: systemClock })
      const reader = records.tenant('one', THINGS)
      for (const id of lines) expect(await reader.get(id)).toBeDefined()
      await records.close()
    }
    expect(acknowledged).toBeGreaterThanOrEqual(180)
  })
})

/** Complete lines the child printed until it was killed, which happens after `enough` of them. */
async function linesUntil(
  child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>,
  enough: number,
): Promise<readonly string[]> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk)
    if (text.split('\n').length > enough) child.kill('SIGKILL')
  }
  await child.exited
  return text.split('\n').slice(0, -1)
}
