import { Database } from 'bun:sqlite'

/**
 * Opens the database of one tenant, and creates it if absent. The index `search` is separate from the texts
 * (an external-content table, SQLite FTS5 §4.4.3) and finds words in any of their forms (Porter's stemmer).
 */
export function openDatabase(path: string): Database {
  const database = new Database(path, { create: true, strict: true })
  database.run('PRAGMA journal_mode = WAL')
  database.run('PRAGMA synchronous = FULL')
  database.run(`CREATE TABLE IF NOT EXISTS memories (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, text TEXT NOT NULL,
    tags TEXT NOT NULL, created_at TEXT NOT NULL) STRICT`)
  database.run('CREATE TABLE IF NOT EXISTS seeded (once INTEGER PRIMARY KEY) STRICT')
  database.run(`CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(
    source, text, tags, content='memories', content_rowid='number',
    tokenize='porter unicode61 remove_diacritics 2')`)
  return database
}
