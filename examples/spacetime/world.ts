import { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Vector3 } from './scene.ts'

/** A scene that was loaded: which, when, and by whom. */
export interface Visit {
  readonly path: string
  readonly at: string
  readonly by: string
}

/** Where a player stands. */
export interface PlayerPosition {
  readonly position: Vector3
  readonly at: string
}

/** What the world remembers between starts. Everything is on disk when a function returns. */
export interface World {
  readonly current: Visit | undefined
  /** Loads of scenes, newest first. */
  history(limit: number): readonly Visit[]
  load(visit: Visit): void
  /** Moves a player of a caller; the players of one caller are out of another's reach. */
  move(caller: string, player: string, where: PlayerPosition): void
  find(caller: string, player: string): PlayerPosition | undefined
  readonly players: number
  close(): void
}

/** Players remembered; those that did not move for longest give way. */
const PLAYERS_MAX = 10_000
/** Loads remembered; the oldest give way. */
const HISTORY_MAX = 1000

interface PlayerRow extends Vector3 {
  readonly at: string
}

/** Opens the memory of a world in a folder, which is made when absent. */
export function openWorld(folder: string): World {
  mkdirSync(folder, { recursive: true })
  const database = openDatabase(join(folder, 'world.db'))
  const newest = database.prepare<Visit, [number]>(
    'SELECT path, at, by FROM visits ORDER BY number DESC LIMIT ?',
  )
  const visit = database.prepare<unknown, [string, string, string]>(
    'INSERT INTO visits (path, at, by) VALUES (?, ?, ?)',
  )
  const forgetVisits = database.prepare<unknown, [number]>(
    'DELETE FROM visits WHERE number <= (SELECT max(number) FROM visits) - ?',
  )
  const move = database.prepare<unknown, [string, string, number, number, number, string]>(
    `INSERT OR REPLACE INTO players (caller, player, x, y, z, at) VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const forgetPlayers = database.prepare<unknown, [number]>(
    `DELETE FROM players WHERE number IN
       (SELECT number FROM players ORDER BY number DESC LIMIT -1 OFFSET ?)`,
  )
  const find = database.prepare<PlayerRow, [string, string]>(
    'SELECT x, y, z, at FROM players WHERE caller = ? AND player = ?',
  )
  const total = database.prepare<{ count: number }, []>('SELECT count(*) AS count FROM players')
  return {
    get current() {
      return newest.get(1) ?? undefined
    },
    get players() {
      return total.get()?.count ?? 0
    },
    history: (limit) => newest.all(limit),
    load: database.transaction(({ path, at, by }: Visit): void => {
      visit.run(path, at, by)
      forgetVisits.run(HISTORY_MAX)
    }),
    move: database.transaction((caller: string, player: string, where: PlayerPosition): void => {
      const { x, y, z } = where.position
      move.run(caller, player, x, y, z, where.at)
      if ((total.get()?.count ?? 0) > PLAYERS_MAX) forgetPlayers.run(PLAYERS_MAX)
    }),
    find(caller, player) {
      const row = find.get(caller, player)
      if (row === null) return undefined
      const { x, y, z, at } = row
      return { position: { x, y, z }, at }
    },
    close: () => database.close(),
  }
}

/** Numbers grow with each row that is put in, replaced players included: they tell who moved last. */
function openDatabase(path: string): Database {
  const database = new Database(path, { create: true, strict: true })
  database.run('PRAGMA journal_mode = WAL')
  database.run('PRAGMA synchronous = FULL')
  database.run(`CREATE TABLE IF NOT EXISTS visits (
    number INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, at TEXT NOT NULL,
    by TEXT NOT NULL) STRICT`)
  database.run(`CREATE TABLE IF NOT EXISTS players (
    number INTEGER PRIMARY KEY AUTOINCREMENT, caller TEXT NOT NULL, player TEXT NOT NULL,
    x REAL NOT NULL, y REAL NOT NULL, z REAL NOT NULL, at TEXT NOT NULL,
    UNIQUE (caller, player)) STRICT`)
  return database
}
