/**
 * How long commits take if SQLite copies its log into the database after a given number of pages: most commits, the
 * expensive ones, and all together. Rows lie apart, like those of credentials that were used. Run:
 * `node bin/bun.mjs bench/checkpoints.ts [pages …]`.
 */
import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile } from './gate/statistics.ts'

const ROWS = 100_000
const ROW_CHARACTERS = 180
const COMMITS = 300
const CHANGES = 96
const PAUSE_MS = 8
const ROUNDS = 3

const idOf = (row: number): string => `key_${String(row).padStart(8, '0')}`

/** A log with full sync, as `src/storage/sqlite` opens it, and a table. */
function openTable(path: string, pages: number): Database {
  const database = new Database(path, { create: true })
  database.run('PRAGMA journal_mode = WAL')
  database.run('PRAGMA synchronous = FULL')
  database.run('CREATE TABLE uses (id TEXT PRIMARY KEY, used BIGINT, rest TEXT) WITHOUT ROWID')
  const insert = database.prepare('INSERT INTO uses VALUES (?, 0, ?)')
  database.transaction(() => {
    for (let row = 0; row < ROWS; row++) insert.run(idOf(row), 'x'.repeat(ROW_CHARACTERS))
  })()
  database.run('PRAGMA wal_checkpoint(TRUNCATE)')
  database.run(`PRAGMA wal_autocheckpoint = ${pages}`)
  return database
}

/** Milliseconds of each commit, sorted. */
async function commitTimes(database: Database): Promise<readonly number[]> {
  const update = database.prepare('UPDATE uses SET used = used + 1 WHERE id = ?')
  const commit = database.transaction(() => {
    for (let at = 0; at < CHANGES; at++) update.run(idOf(Math.floor(Math.random() * ROWS)))
  })
  const times: number[] = []
  while (times.length < COMMITS) {
    const beganMs = performance.now()
    commit.immediate()
    times.push(performance.now() - beganMs)
    await Bun.sleep(PAUSE_MS)
  }
  return times.sort((a, b) => a - b)
}

const asked = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
for (let round = 0; round < ROUNDS; round++) {
  for (const pages of asked.length > 0 ? asked : [1000, 64]) {
    const database = openTable(join(folder, `${pages}-${round}.db`), pages)
    const times = await commitTimes(database)
    const shown = [0.5, 0.97, 1].map((share) => quantile(times, share).toFixed(1))
    const sumMs = times.reduce((sum, ms) => sum + ms, 0)
    process.stdout.write(
      `${pages} pages: p50, p97 and longest ${shown.join(', ')} ms; ${sumMs.toFixed(0)} ms in all\n`,
    )
    database.close()
  }
}
rmSync(folder, { recursive: true })
