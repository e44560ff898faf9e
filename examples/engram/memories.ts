import type { Database } from 'bun:sqlite'
import { randomUUID } from 'node:crypto'
import type { Passage } from './corpus.ts'

/** A stored text. */
export interface Memory extends Passage {
  readonly id: string
  readonly tags: readonly string[]
  readonly createdAt: string
}

/** A memory that matches a question. */
export interface Recalled extends Memory {
  /** Higher is better (BM25, Robertson & Zaragoza 2009, within the tenant's own memories). */
  readonly score: number
  /** The matching part, with each word that was found between ** and **. */
  readonly snippet: string
}

/** The result of a recall. */
export interface Recall {
  /** Whether the memories contain all words of the question, or only some. */
  readonly matched: 'all' | 'any'
  readonly memories: readonly Recalled[]
}

/** The memories of one tenant. */
export interface TenantMemories {
  /** Remembers a text; `undefined` if there is no room for more. */
  remember(passage: Passage, tags: readonly string[]): Memory | undefined
  get(id: string): Memory | undefined
  /** Whether there was such a memory. */
  forget(id: string): boolean
  recall(words: readonly string[], limit: number): Recall
  readonly count: number
  /** Remembers the passages, unless that has been done before. */
  seed(passages: readonly Passage[]): void
}

/** Memories a tenant may have. */
export const MEMORIES_MAX = 100_000

interface Row {
  readonly number: number
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

/** Statements for one tenant's database. None names a tenant, because the database holds no other. */
function prepare(database: Database) {
  return {
    insert: database.prepare<{ number: number }, Record<string, string>>(
      `INSERT INTO memories (id, source, text, tags, created_at)
       VALUES ($id, $source, $text, $tags, $createdAt) RETURNING number`,
    ),
    index: database.prepare<unknown, [number, string, string, string]>(
      'INSERT INTO search (rowid, source, text, tags) VALUES (?, ?, ?, ?)',
    ),
    unindex: database.prepare<unknown, [number, string, string, string]>(
      `INSERT INTO search (search, rowid, source, text, tags) VALUES ('delete', ?, ?, ?, ?)`,
    ),
    remove: database.prepare<unknown, [number]>('DELETE FROM memories WHERE number = ?'),
    byId: database.prepare<Row, [string]>('SELECT * FROM memories WHERE id = ?'),
    total: database.prepare<{ count: number }, []>('SELECT count(*) AS count FROM memories'),
    find: database.prepare<FoundRow, [string, number]>(
      `SELECT memories.*, bm25(search, 2.0, 1.0, 1.5) AS rank,
         snippet(search, 1, '**', '**', '…', 24) AS snippet
       FROM search JOIN memories ON memories.number = search.rowid
       WHERE search MATCH ? ORDER BY rank LIMIT ?`,
    ),
  }
}

/** The memories in one tenant's database. */
export function createTenantMemories(database: Database): TenantMemories {
  const sql = prepare(database)
  let count = sql.total.get()?.count ?? 0
  const add = (passage: Passage, tags: readonly string[]): Memory => {
    const memory = { ...passage, id: randomUUID(), tags, createdAt: new Date().toISOString() }
    const { source, text } = memory
    const row = sql.insert.get({ ...memory, tags: JSON.stringify(tags) })
    if (row === null) throw new Error('the memory was not stored')
    sql.index.run(row.number, source, text, tags.join(' '))
    return memory
  }
  const remember = database.transaction(add)
  const forget = database.transaction((row: Row): void => {
    sql.unindex.run(row.number, row.source, row.text, tagsOf(row).join(' '))
    sql.remove.run(row.number)
  })
  const seed = database.transaction((passages: readonly Passage[]): number => {
    const { changes } = database.run('INSERT OR IGNORE INTO seeded (once) VALUES (1)')
    if (changes === 0) return 0
    for (const passage of passages) add(passage, ['seed'])
    return passages.length
  })
  return {
    remember(passage, tags) {
      if (count >= MEMORIES_MAX) return undefined
      const memory = remember(passage, tags)
      count += 1
      return memory
    },
    get(id) {
      const row = sql.byId.get(id)
      return row === null ? undefined : memoryOf(row)
    },
    forget(id) {
      const row = sql.byId.get(id)
      if (row === null) return false
      forget(row)
      count -= 1
      return true
    },
    recall(words, limit) {
      // A quoted string is always a phrase (FTS5 §3.1), never an operator.
      const terms = words.map((word) => `"${word.replaceAll('"', '""')}"`)
      const all = sql.find.all(terms.join(' AND '), limit)
      if (all.length > 0) return { matched: 'all', memories: all.map(recalledOf) }
      return { matched: 'any', memories: sql.find.all(terms.join(' OR '), limit).map(recalledOf) }
    },
    get count() {
      return count
    },
    seed(passages) {
      count += seed(passages)
    },
  }
}

const tagsOf = (row: Row): readonly string[] => JSON.parse(row.tags) as string[]

const memoryOf = (row: Row): Memory => ({
  id: row.id,
  source: row.source,
  text: row.text,
  tags: tagsOf(row),
  createdAt: row.created_at,
})

const recalledOf = (row: FoundRow): Recalled => ({
  ...memoryOf(row),
  score: Math.round(-row.rank * 1e6) / 1e6,
  snippet: row.snippet,
})
