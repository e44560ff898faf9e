import { Kysely } from 'kysely'
import type { Clock } from '../../core/clock.ts'
import type { BaseRow, Reader, Records } from '../records.ts'
import type { AnyCollection, CollectionSchema, Row } from '../schema/collection-schema.ts'
import { compileCollections } from '../schema/collection-schema.ts'
import type { Scope } from '../schema/scope.ts'
import { requireScope } from '../schema/scope.ts'
import { selectMatch, selectRows, selectUnique, toPage } from '../schema/selection.ts'
import type { SqlTypes } from '../sql/codec.ts'
import { decodeRow } from '../sql/codec.ts'
import type { Migration } from '../sql/migrations.ts'
import { migrate, requireKnownVersion } from '../sql/migrations.ts'
import { Reads } from '../sql/reads.ts'
import type { Tables } from '../sql/statement.ts'
import { Writes } from '../sql/writes.ts'
import { Connection } from './connection.ts'
import { createSqliteDialect } from './dialect.ts'
import { GroupCommit } from './group-commit.ts'
import { holdLock } from './lock.ts'
import { dropRetiredIndexes } from './retired-indexes.ts'

/** What {@link open} needs. */
export interface SqliteOptions {
  /** The database file; created with mode 0600 if absent. Its folder must exist. */
  readonly path: string
  readonly collections: readonly AnyCollection[]
  /** Versions 2, 3, … of the stored schema; default none. */
  readonly migrations?: readonly Migration[]
  readonly clock: Pick<Clock, 'nowMs'>
}

const TYPES: SqlTypes = {
  names: {
    text: 'text',
    integer: 'bigint',
    real: 'double precision',
    boolean: 'boolean',
    json: 'text',
    bytes: 'blob',
  },
  numericBooleans: true,
}

/**
 * {@link Records} in one SQLite file, in WAL with full sync. Throws a DataLockedError if another process has it open,
 * and a SchemaError if its schema is newer than the program or does not match the collections; nothing is changed then.
 */
export async function open(options: SqliteOptions): Promise<Records> {
  const schemas = compileCollections(options.collections)
  const unlock = holdLock(options.path)
  let connection: Connection | undefined
  try {
    connection = new Connection(options.path)
    const builder = new Kysely<Tables>({ dialect: createSqliteDialect(connection.database) })
    const { migrations = [], clock } = options
    await requireKnownVersion(builder, migrations)
    connection.makeDurable()
    await migrate({ builder, types: TYPES, schemas: schemas.values(), migrations, clock })
    dropRetiredIndexes(connection.database, schemas)
    return createRecords(connection, builder, schemas, clock, unlock)
  } catch (error) {
    connection?.close()
    unlock()
    throw error
  }
}

function createRecords(
  connection: Connection,
  builder: Kysely<Tables>,
  schemas: ReadonlyMap<string, CollectionSchema>,
  clock: Pick<Clock, 'nowMs'>,
  unlock: () => void,
): Records {
  let isOpen = true
  const schemaOf = (collection: string): CollectionSchema => {
    if (!isOpen) throw new Error('the records are closed')
    const schema = schemas.get(collection)
    if (schema === undefined) throw new RangeError(`there is no collection ${collection}`)
    return schema
  }
  const reads = new Reads(builder, TYPES)
  const writes = new Writes(builder, TYPES)
  const nowMs = (): number => clock.nowMs()
  const group = new GroupCommit({ connection, reads, writes, nowMs, schemaOf })
  const reader = <R extends BaseRow>(collection: string, scope: Scope): Reader<R> =>
    createReader(connection, reads, () => schemaOf(collection), scope)
  return {
    tenant: (tenantId, collection) => reader(collection.name, { kind: 'tenant', tenantId }),
    global: (collection) => reader(collection.name, { kind: 'global' }),
    across: (collection) => reader(collection.name, { kind: 'across' }),
    commit: async (changes) => {
      if (!isOpen) throw new Error('the records are closed')
      return group.commit(changes)
    },
    close: async () => {
      if (!isOpen) return
      group.drain()
      isOpen = false
      connection.close()
      unlock()
    },
  }
}

function createReader<R extends BaseRow>(
  connection: Connection,
  reads: Reads,
  schemaNow: () => CollectionSchema,
  scope: Scope,
): Reader<R> {
  requireScope(schemaNow(), scope)
  const decoded = (found: Row | undefined): R | undefined =>
    found && (decodeRow(schemaNow(), found) as R)
  return {
    get: async (id) => {
      const key = scope.kind === 'tenant' ? [scope.tenantId, id] : [id]
      return decoded(connection.first(reads.byKey(schemaNow(), key)))
    },
    getBy: async (index, equals) => {
      const match = selectUnique(schemaNow(), scope, index, equals)
      return decoded(connection.first(reads.one(match)))
    },
    find: async (query) => {
      const schema = schemaNow()
      const selection = selectRows(schema, scope, query)
      if (selection === undefined) return { rows: [], badCursor: true }
      const found = connection.all(reads.find(selection))
      const page = toPage(
        selection,
        found.map((row) => decodeRow(schema, row)),
      )
      return { ...page, rows: page.rows as readonly R[] }
    },
    count: async (query) => {
      const match = selectMatch(schemaNow(), scope, query)
      return Number(connection.first(reads.count(match))?.['count'] ?? 0)
    },
  }
}
