import type { Records } from './records.ts'
import type { SqliteOptions } from './sqlite/open.ts'

export type { SqliteOptions } from './sqlite/open.ts'

/**
 * Opens {@link Records} in one SQLite file. Bun only: the adapter is loaded when it is asked for, so
 * that the rest of storage runs elsewhere too. The collections must hold all that the program uses.
 * Throws a DataLockedError when another process has the file, a SchemaError when the file is not one
 * this program can use.
 */
export async function openSqlite(options: SqliteOptions): Promise<Records> {
  const { open } = await import('./sqlite/open.ts')
  return open(options)
}
