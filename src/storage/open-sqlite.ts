import type { Records } from './records.ts'
import type { SqliteOptions } from './sqlite/open.ts'

export type { SqliteOptions } from './sqlite/open.ts'

/**
 * Opens {@link Records} in one SQLite file. Bun only: the adapter is loaded on demand, so that the rest of storage runs
 * elsewhere, too. The collections must include all that the program uses. Throws a DataLockedError if another process
 * has the file open, and a SchemaError if this program cannot use the file.
 */
export async function openSqlite(options: SqliteOptions): Promise<Records> {
  const { open } = await import('./sqlite/open.ts')
  return open(options)
}
