import { Database } from 'bun:sqlite'
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Passage } from './corpus.ts'

/** Something remembered. */
export interface Memory extends Passage {
  readonly id: string
  readonly tags: readonly string[]
  readonly createdAt: string
}

/** A memory that answers a question. */
export interface Recalled extends Memory {
  /** Higher is better (BM25, Robertson & Zaragoza 2009, within the tenant's own memories). */
  readonly score: number
  /** The part that matches, with the words found between ** and **. */
  readonly snippet: string
}

/** What recalling brought. */
export interface Recall {
  /** Whether every word was found together, or only some of them. */
  readonly matched: 'all' | 'any'
  readonly memories: readonly Recalled[]
}

/** The memories of one tenant. */
export interface TenantMemories {
  remember(passage: Passage, tags: readonly string[]): Memory
  get(id: string): Memory | undefined
  recall(words: readonly string[], limit: number): Recall
  count(): number
  /** Remembers the passages unless this was done before. */
  seed(passages: readonly Passage[]): void
}

/** All tenants' memories. */
export interface MemoryStore {
  tenant(tenantId: string): TenantMemories
  close(): void
}

const OPEN_MAX = 64

/**
 * Opens a store in a folder. Each tenant has a database file of its own, so no query can reach
 * another tenant's memories, and not even the ranking of words tells about them.
 */
export function openMemoryStore(folder: string): MemoryStore {
  mkdirSync(folder, { recursive: true })
  const open = new Map<string, { database: Database; memories: TenantMemories }>()
  return {
    tenant(tenantId) {
      const known = open.get(tenantId)
      if (known !== undefined) {
        open.delete(tenantId)
        open.set(tenantId, known)
        return known.memories
      }
      const [oldest] = open
      if (oldest !== undefined && open.size >= OPEN_MAX) {
        oldest[1].database.close()
        open.delete(oldest[0])
      }
      const database = openDatabase(join(folder, `${fileName(tenantId)}.db`))
      const memories = createTenantMemories(database)
      open.set(tenantId, { database, memories })
      return memories
    },
    close() {
      for (const { database } of open.values()) database.close()
      open.clear()
    },
  }
}

/** A digest, so that a tenant id cannot name a path. */
const fileName = (tenantId: string): string =>
  createHash('sha256').update(tenantId).digest('hex').slice(0, 40)

function openDatabase(path: string): Database {
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

interface Row {
  readonly id: string
  readonly source: string
  readonly text: string
  readonly tags: string
  readonly created_at: string
}

interface FoundRow extends Row {
  readonly rank: number
  readonly snippet: string
}

function createTenantMemories(database: Database): TenantMemories {
  const insert = database.prepare<{ number: number }, Record<string, string>>(
    `INSERT INTO memories (id, source, text, tags, created_at)
     VALUES ($id, $source, $text, $tags, $createdAt) RETURNING number`,
  )
  const index = database.prepare<unknown, Record<string, string | number>>(
    'INSERT INTO search (rowid, source, text, tags) VALUES ($number, $source, $text, $words)',
  )
  const byId = database.prepare<Row, [string]>('SELECT * FROM memories WHERE id = ?')
  const total = database.prepare<{ count: number }, []>('SELECT count(*) AS count FROM memories')
  const find = database.prepare<FoundRow, [string, number]>(
    `SELECT memories.*, bm25(search, 2.0, 1.0, 1.5) AS rank,
       snippet(search, 1, '**', '**', '…', 24) AS snippet
     FROM search JOIN memories ON memories.number = search.rowid
     WHERE search MATCH ? ORDER BY rank LIMIT ?`,
  )
  const remember = database.transaction((passage: Passage, tags: readonly string[]): Memory => {
    const memory = { ...passage, id: randomUUID(), tags, createdAt: new Date().toISOString() }
    const { source, text } = memory
    const row = insert.get({ ...memory, tags: JSON.stringify(tags) })
    if (row === null) throw new Error('the memory was not stored')
    index.run({ number: row.number, source, text, words: tags.join(' ') })
    return memory
  })
  const seed = database.transaction((passages: readonly Passage[]): void => {
    const { changes } = database.run('INSERT OR IGNORE INTO seeded (once) VALUES (1)')
    if (changes === 0) return
    for (const passage of passages) remember(passage, ['seed'])
  })
  return {
    remember,
    seed,
    get(id) {
      const row = byId.get(id)
      return row === null ? undefined : memoryOf(row)
    },
    recall(words, limit) {
      const terms = words.map((word) => `"${word.replaceAll('"', '""')}"`)
      const all = find.all(terms.join(' AND '), limit)
      if (all.length > 0) return { matched: 'all', memories: all.map(recalledOf) }
      return { matched: 'any', memories: find.all(terms.join(' OR '), limit).map(recalledOf) }
    },
    count: () => total.get()?.count ?? 0,
  }
}

const memoryOf = (row: Row): Memory => ({
  id: row.id,
  source: row.source,
  text: row.text,
  tags: JSON.parse(row.tags) as string[],
  createdAt: row.created_at,
})

const recalledOf = (row: FoundRow): Recalled => ({
  ...memoryOf(row),
  score: Math.round(-row.rank * 1e6) / 1e6,
  snippet: row.snippet,
})
