import type { Clock } from '../../core/clock.ts'
import type { CollectionSchema, IndexSchema } from '../schema/collection-schema.ts'
import type { SqlTypes } from './codec.ts'
import type { Builder } from './statement.ts'

const VERSIONS = 'schemaVersions'

/**
 * A change to data that earlier versions stored: columns are added, renamed or dropped, values rewritten. New
 * collections and indexes need no migration. Write it with the portable query and schema builder.
 */
export interface Migration {
  /** 2, 3, …: version 1 is the first schema. */
  readonly version: number
  readonly name: string
  up(builder: Builder): Promise<void>
}

/** What {@link migrate} works on. */
export interface MigrateOptions {
  readonly builder: Builder
  readonly types: SqlTypes
  readonly schemas: Iterable<CollectionSchema>
  readonly migrations: readonly Migration[]
  readonly clock: Pick<Clock, 'nowMs'>
}

/** The stored data cannot be used by this program; nothing was changed. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

/** Throws unless the program knows the stored version. Only reads. */
export async function requireKnownVersion(
  builder: Builder,
  migrations: readonly Migration[],
): Promise<void> {
  const known = latestVersion(migrations)
  const stored = await storedVersion(builder)
  if (stored > known) {
    throw new SchemaError(
      `the data has schema version ${stored}, this program knows ${known}: use a newer program`,
    )
  }
}

/**
 * Brings the stored schema in line with the declared collections, in one transaction: first pending migrations in
 * order, then missing collections and indexes. A fresh store starts at the latest version.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const { migrations, clock } = options
  await requireKnownVersion(options.builder, migrations)
  await options.builder.transaction().execute(async (builder) => {
    const stored = await storedVersion(builder)
    if (stored === 0) {
      await builder.schema
        .createTable(VERSIONS)
        .addColumn('version', 'integer', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('appliedAtMs', 'bigint', (column) => column.notNull())
        .execute()
    }
    const note = async (version: number, name: string): Promise<unknown> => {
      const row = { version, name, appliedAtMs: clock.nowMs() }
      return builder.insertInto(VERSIONS).values(row).execute()
    }
    if (stored === 0) await note(latestVersion(migrations), 'created')
    for (const migration of stored === 0 ? [] : migrations) {
      if (migration.version <= stored) continue
      await migration.up(builder)
      await note(migration.version, migration.name)
    }
    await createMissing(builder, options)
  })
}

async function storedVersion(builder: Builder): Promise<number> {
  const tables = await builder.introspection.getTables()
  if (!tables.some((table) => table.name === VERSIONS)) return 0
  const rows = await builder.selectFrom(VERSIONS).select('version').execute()
  return Math.max(0, ...rows.map((row) => Number(row['version'])))
}

function latestVersion(migrations: readonly Migration[]): number {
  for (const [at, migration] of migrations.entries()) {
    if (migration.version !== at + 2) {
      throw new TypeError(`migration ${migration.name} must have version ${at + 2}`)
    }
  }
  return migrations.length + 1
}

async function createMissing(builder: Builder, options: MigrateOptions): Promise<void> {
  const tables = new Map(
    (await builder.introspection.getTables()).map((table) => [table.name, table.columns]),
  )
  for (const schema of options.schemas) {
    const columns = tables.get(schema.name)
    if (columns === undefined) await createTable(builder, schema, options.types)
    else requireColumns(schema, new Set(columns.map((column) => column.name)))
    for (const index of schema.indexes.values()) await createIndex(builder, schema, index)
  }
}

function requireColumns(schema: CollectionSchema, stored: ReadonlySet<string>): void {
  const missing = [...schema.columns.keys()].filter((name) => !stored.has(name))
  const unknown = [...stored].filter((name) => !schema.columns.has(name))
  if (missing.length + unknown.length === 0) return
  const parts = [
    ...missing.map((name) => `${name} is missing`),
    ...unknown.map((name) => `${name} is unknown`),
  ]
  throw new SchemaError(
    `the stored columns of ${schema.name} are not the declared ones (${parts.join(', ')}): ` +
      'a migration is needed',
  )
}

async function createTable(
  builder: Builder,
  schema: CollectionSchema,
  types: SqlTypes,
): Promise<void> {
  let table = builder.schema.createTable(schema.name)
  for (const [name, column] of schema.columns) {
    table = table.addColumn(name, types.names[column.type], (definition) =>
      column.nullable === true ? definition : definition.notNull(),
    )
  }
  await table.addPrimaryKeyConstraint(`${schema.name}_key`, [...schema.key] as never).execute()
}

async function createIndex(
  builder: Builder,
  schema: CollectionSchema,
  index: IndexSchema,
): Promise<void> {
  const named = builder.schema.createIndex(`${schema.name}_${index.name}`).ifNotExists()
  const on = named.on(schema.name).columns([...indexColumns(schema, index)])
  await (index.unique ? on.unique() : on).execute()
}

/** The columns of an index in the database; for a unique index, only those that must be unique together. */
export function indexColumns(schema: CollectionSchema, index: IndexSchema): readonly string[] {
  if (!index.unique) return index.order
  return schema.tenant && !index.acrossTenants ? ['tenantId', ...index.columns] : index.columns
}
