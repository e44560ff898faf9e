import type { Database } from 'bun:sqlite'
import type { CollectionSchema } from '../schema/collection-schema.ts'

interface StoredIndex {
  readonly name: string
  readonly tbl_name: string
}

const NAME = /^\w+$/

/** Removes indexes that collections no longer declare, because each would slow every write. */
export function dropRetiredIndexes(
  database: Database,
  schemas: ReadonlyMap<string, CollectionSchema>,
): void {
  const stored = database
    .query<StoredIndex, []>(
      "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
    )
    .all()
  for (const { name, tbl_name: table } of stored) {
    const schema = schemas.get(table)
    if (schema === undefined || !name.startsWith(`${table}_`) || !NAME.test(name)) continue
    if (!schema.indexes.has(name.slice(table.length + 1))) database.run(`DROP INDEX "${name}"`)
  }
}
